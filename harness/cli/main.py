"""The command line. Each word's work is in a module of its own, imported when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli import demo
from harness.cli.platforms import add_options
from harness.errors import INCONCLUSIVE, UNUSABLE, GamedayError

EXIT_CODES = "exit codes: 0 passed · 1 failed · 2 unusable input or environment · 3 inconclusive"
_RUN_EXAMPLES = """\
  gameday run --demo --only VALIDATION_FAIL               a first try with the runbook that comes with gameday
  gameday run runbooks/operations.md                      all runbooks, one after the other
  gameday run runbooks/operations.md --jobs 4             side by side, each on a platform of its own
  gameday run runbooks/operations.md --only TIMEOUT       one of them
  gameday run runbooks/operations.md --platform kind      on a real cluster, made for it and removed
  gameday run ops.md --bindings ops.yaml --format json    for machines; the result is on stdout
"""


_SLO_EXAMPLES = """\
  gameday slo check slos/*.yaml                           each SLO in one line; every problem with its file and line
  gameday slo show runbooks/operations.md                 the SLOs of a run as OpenSLO, one-line forms written out
  gameday slo import k6 options.json --series gateway     k6 thresholds as OpenSLO; what can't be one on stderr
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; exits with the code of the outcome."""
    options = _parser().parse_args(arguments)
    try:
        demo.resolve_document(options)
        code = options.work(options)
    except GamedayError as error:
        sys.stderr.write(f"gameday: {error}\n")
        code = error.exit_code
    except KeyboardInterrupt:
        print("gameday: interrupted", file=sys.stderr)  # noqa: T201
        code = INCONCLUSIVE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNUSABLE
    sys.exit(code)


@dataclass(frozen=True)
class _Word:
    """One word of the command line: what it says of itself, what it takes, and its work."""

    name: str
    about: str
    examples: str
    takes: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], int]


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="gameday",
        description="Proves that an operations runbook really restores the service it claims to restore.",
        epilog=f"{EXIT_CODES}\nstart with: gameday run --demo",
        formatter_class=layout,
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    for each in _WORDS:
        epilog = f"examples:\n{each.examples}\n{EXIT_CODES}"
        word = words.add_parser(
            each.name, help=each.about, description=each.about, epilog=epilog, formatter_class=layout
        )
        each.takes(word)
        word.set_defaults(work=each.work)
    return parser


def _document(word: argparse.ArgumentParser) -> None:
    word.add_argument("runbook", type=Path, nargs="?", metavar="RUNBOOK", help="the runbook document (Markdown)")
    demo.add_option(word)


def _format(word: argparse.ArgumentParser) -> None:
    word.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for machines (default: text)"
    )


def _result_format(word: argparse.ArgumentParser) -> None:
    about = "for people, for machines, for CI systems, for a wiki (default: text)"
    word.add_argument("--format", choices=("text", "json", "junit", "markdown"), default="text", help=about)


def _selection(word: argparse.ArgumentParser) -> None:
    word.add_argument("--only", action="append", default=[], metavar="ID", help="this runbook only; may be given again")
    word.add_argument(
        "--bindings", type=Path, metavar="FILE", help="default: gameday.yaml beside the runbook, then the project's"
    )


def _takes_run(word: argparse.ArgumentParser) -> None:
    _document(word)
    _selection(word)
    about_jobs = "drills side by side, each on its own platform (default: 1)"
    add_options(word)
    about_load = "the load comes from N workers in the platform's own cluster (default: from this machine)"
    word.add_argument("--load-in-cluster", type=_positive, metavar="N", help=about_load)
    word.add_argument("--jobs", type=_positive, default=1, metavar="N", help=about_jobs)
    word.add_argument("--out", type=Path, metavar="DIR", help="run directory (default: runs/<time>)")
    _result_format(word)
    word.add_argument("--quiet", action="store_true", help="only the verdicts, no progress")


def _takes_report(word: argparse.ArgumentParser) -> None:
    word.add_argument("run", type=Path, metavar="RUN", help="a run directory, or its record.jsonl")
    _result_format(word)


def _takes_show(word: argparse.ArgumentParser) -> None:
    _document(word)
    _format(word)


def _takes_plan(word: argparse.ArgumentParser) -> None:
    _document(word)
    _selection(word)
    _format(word)


def _takes_slo(word: argparse.ArgumentParser) -> None:
    what = word.add_subparsers(dest="what", required=True, metavar="check|show|import")
    check = what.add_parser("check", help="hold OpenSLO files against the schema; print each SLO in one line")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help="OpenSLO v1 files (YAML)")
    _format(check)
    show = what.add_parser("show", help="the SLOs that a run is judged by, as OpenSLO")
    _document(show)
    _selection(show)
    bring = what.add_parser("import", help="make SLOs of what another tool has")
    bring.add_argument("tool", choices=("k6",), help="whose file it is: k6's thresholds")
    bring.add_argument("file", type=Path, metavar="FILE", help="options as JSON (`-`: stdin), or a script (needs `k6`)")
    about = "load series that k6's own metrics are about (default: gateway), or of another metric; may be given again"
    bring.add_argument("--series", action="append", default=[], metavar="[METRIC=]SERIES", help=about)


def _takes_up(word: argparse.ArgumentParser) -> None:
    _takes_down(word)
    word.add_argument("--quiet", action="store_true", help="print only what a shell must set to use it")


def _takes_down(word: argparse.ArgumentParser) -> None:
    add_options(word)
    word.add_argument("--dir", type=Path, default=Path("runs/platform"), help="where it lives (default: runs/platform)")


def _takes_recover(word: argparse.ArgumentParser) -> None:
    word.add_argument("run", type=Path, nargs="*", metavar="RUN", help="run directories (default: all in runs/)")
    about_context = "a cluster whose own journal says what a killed run left, from this machine or another"
    word.add_argument("--context", metavar="NAME", help=about_context)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number of at least 1")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from harness.cli.run import run

    return run(options)


def _report(options: argparse.Namespace) -> int:
    from harness.cli.report import report

    return report(options.run, options.format)


def _show(options: argparse.Namespace) -> int:
    from harness.cli.reading import show

    return show(options.runbook, options.format)


def _plan(options: argparse.Namespace) -> int:
    from harness.cli.reading import plan

    return plan(options.runbook, options.bindings, options.only, options.format)


def _slo(options: argparse.Namespace) -> int:
    from harness.cli.slo import slo

    return slo(options)


def _up(options: argparse.Namespace) -> int:
    from harness.cli.platform import up

    return up(options)


def _down(options: argparse.Namespace) -> int:
    from harness.cli.platform import down

    return down(options)


def _recover(options: argparse.Namespace) -> int:
    from harness.cli.platform import recover

    return recover(options)


_WORDS = (
    _Word("run", "follow every runbook through a real incident and judge it", _RUN_EXAMPLES, _takes_run, _run),
    _Word(
        "report",
        "judge a run again from its record",
        "  gameday report runs/2026-01-31T12-00-00\n  gameday report runs/2026-01-31T12-00-00 --format junit\n",
        _takes_report,
        _report,
    ),
    _Word(
        "show",
        "what was read of a runbook, part by part, with lines",
        "  gameday show runbooks/operations.md\n",
        _takes_show,
        _show,
    ),
    _Word(
        "plan",
        "what would run, as written and as bound, and what would be refused; runs nothing",
        "  gameday plan runbooks/operations.md --only WS_OVERLOAD\n",
        _takes_plan,
        _plan,
    ),
    _Word("slo", "SLOs as OpenSLO: check files, show those of a run, import k6's", _SLO_EXAMPLES, _takes_slo, _slo),
    _Word(
        "up",
        "bring the platform up and leave it running for exploration",
        '  gameday up\n  eval "$(gameday up --quiet)"; kubectl get pods -n production\n',
        _takes_up,
        _up,
    ),
    _Word("down", "end the platform that `gameday up` left running", "  gameday down\n", _takes_down, _down),
    _Word(
        "recover",
        "end whatever a killed run or platform left behind",
        "  gameday recover\n  gameday recover runs/2026-01-31T12-00-00\n  gameday recover --context kind-gameday\n",
        _takes_recover,
        _recover,
    ),
)
