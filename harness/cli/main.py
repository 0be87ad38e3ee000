"""The command line. Each word's work is in a module of its own, imported when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import UNUSABLE, GamedayError

EXIT_CODES = "exit codes: 0 passed · 1 failed · 2 unusable input or environment · 3 inconclusive"
_RUN_EXAMPLES = """examples:
  gameday run runbooks/operations.md                      all runbooks, one after the other
  gameday run runbooks/operations.md --jobs 4             side by side, each on a platform of its own
  gameday run runbooks/operations.md --only TIMEOUT       one of them
  gameday run ops.md --bindings ops.yaml --format json    for machines; the result is on stdout
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; exits with the code of the outcome."""
    options = _parser().parse_args(arguments)
    try:
        code = options.work(options)
    except GamedayError as error:
        print(f"gameday: {error}", file=sys.stderr)  # noqa: T201
        code = error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNUSABLE
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gameday", description="Proves that an operations runbook really restores the service it claims to restore.",
        epilog=f"{EXIT_CODES}\nstart with: gameday run runbooks/operations.md", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    _run_words(words)
    _reading_words(words)
    _platform_words(words)
    return parser


def _word(words: argparse._SubParsersAction, name: str, about: str, examples: str, work: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    word: argparse.ArgumentParser = words.add_parser(
        name, help=about, description=about, epilog=f"{examples}\n{EXIT_CODES}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    word.set_defaults(work=work)
    return word


def _document(word: argparse.ArgumentParser) -> None:
    word.add_argument("runbook", type=Path, metavar="RUNBOOK", help="the runbook document (Markdown)")


def _format(word: argparse.ArgumentParser) -> None:
    word.add_argument("--format", choices=("text", "json"), default="text", help="for people or for machines (default: text)")


def _selection(word: argparse.ArgumentParser) -> None:
    word.add_argument("--only", action="append", default=[], metavar="ID", help="this runbook only; may be given again")
    word.add_argument("--bindings", type=Path, metavar="FILE", help="default: gameday.yaml beside the runbook, then the project's")


def _run_words(words: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    run = _word(words, "run", "follow every runbook through a real incident and judge it", _RUN_EXAMPLES, _run)
    _document(run)
    _selection(run)
    run.add_argument("--jobs", type=_positive, default=1, metavar="N", help="drills side by side, each on its own platform (default: 1)")
    run.add_argument("--out", type=Path, metavar="DIR", help="run directory (default: runs/<time>)")
    _format(run)
    run.add_argument("--quiet", action="store_true", help="only the verdicts, no progress")
    report = _word(words, "report", "judge a run again from its record", "examples:\n  gameday report runs/2026-01-31T12-00-00\n", _report)
    report.add_argument("run", type=Path, metavar="RUN", help="a run directory, or its record.jsonl")
    report.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")


def _reading_words(words: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    show = _word(words, "show", "what was read of a runbook, part by part, with lines", "examples:\n  gameday show runbooks/operations.md\n", _show)
    _document(show)
    _format(show)
    plan = _word(words, "plan", "what would run, as written and as bound, and what would be refused; runs nothing",
                 "examples:\n  gameday plan runbooks/operations.md --only WS_OVERLOAD\n", _plan)  # fmt: skip
    _document(plan)
    _selection(plan)
    _format(plan)


def _platform_words(words: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    up = _word(words, "up", "bring the platform up and leave it running for exploration",
               "examples:\n  gameday up\n  eval \"$(gameday up --quiet)\"; kubectl get pods -n production\n", _up)  # fmt: skip
    up.add_argument("--dir", type=Path, default=Path("runs/platform"), help="where it lives (default: runs/platform)")
    up.add_argument("--quiet", action="store_true", help="print only what a shell must set to use it")
    down = _word(words, "down", "end the platform that `gameday up` left running", "examples:\n  gameday down\n", _down)
    down.add_argument("--dir", type=Path, default=Path("runs/platform"), help="where it lives (default: runs/platform)")
    recover = _word(words, "recover", "end whatever a killed run or platform left behind",
                    "examples:\n  gameday recover\n  gameday recover runs/2026-01-31T12-00-00\n", _recover)  # fmt: skip
    recover.add_argument("run", type=Path, nargs="*", metavar="RUN", help="run directories (default: all in runs/)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number of at least 1")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from harness.cli.run import run  # noqa: PLC0415  (each word loads only what it needs)

    return run(options)


def _report(options: argparse.Namespace) -> int:
    from harness.cli.report import report  # noqa: PLC0415

    return report(options.run, options.format)


def _show(options: argparse.Namespace) -> int:
    from harness.cli.reading import show  # noqa: PLC0415

    return show(options.runbook, options.format)


def _plan(options: argparse.Namespace) -> int:
    from harness.cli.reading import plan  # noqa: PLC0415

    return plan(options.runbook, options.bindings, options.only, options.format)


def _up(options: argparse.Namespace) -> int:
    from harness.cli.platform import up  # noqa: PLC0415

    return up(options.dir, options.quiet)


def _down(options: argparse.Namespace) -> int:
    from harness.cli.platform import down  # noqa: PLC0415

    return down(options.dir)


def _recover(options: argparse.Namespace) -> int:
    from harness.cli.platform import recover  # noqa: PLC0415

    return recover(options.run)
