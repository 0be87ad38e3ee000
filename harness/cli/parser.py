"""Arguments of the command line. Choices of families come from the registry."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from harness.cli import (
    bindings_parser,
    compare,
    demo,
    drill_parser,
    history_parser,
    lint_parser,
    monitoring_parser,
    notify_parser,
    page_parser,
    rules,
)
from harness.cli.arguments import add_format, add_open, natural, positive
from harness.registry import Family

DEFAULT_DIR = Path("runs/platform")
"""The directory of `gameday up`."""
EXIT_CODES = """\
exit codes: 0 passed · 1 failed · 2 unusable input or environment · 3 inconclusive · 4 internal error of gameday
            130, 143 interrupted before a verdict · 141 the reader of the output is gone\
"""
_RUN_EXAMPLES = """\
  gameday run --demo --only VALIDATION_FAIL               a first try, with the runbook that comes with gameday
  gameday run runbooks/operations.md                      every runbook, as many at a time as the machine has room for
  gameday run runbooks/operations.md --jobs 1             one after the other
  gameday run runbooks/operations.md --only TIMEOUT       one runbook
  gameday run runbooks/operations.md --platform kind      on a Kubernetes cluster, created for the run and removed
  gameday run ops.md --bindings ops.yaml --format json    for programs: the result is on stdout
"""
_SLO_EXAMPLES = """\
  gameday slo check slos/*.yaml                           list the SLOs of files; report problems with file and line
  gameday slo show runbooks/operations.md                 the SLOs of a run as OpenSLO documents
  gameday slo import k6 options.json --series gateway     k6 thresholds as OpenSLO documents
"""
_REPORT_EXAMPLES = """\
  gameday report runs/2026-01-31T12-00-00
  gameday report runs/2026-01-31T12-00-00 --format junit
  gameday report runs/2026-01-31T12-00-00 --open
"""
_POSTMORTEM_EXAMPLES = """\
  gameday postmortem runs/2026-01-31T12-00-00
  gameday postmortem runs/2026-01-31T12-00-00 --out papers
"""
_UP_EXAMPLES = """\
  gameday up
  eval "$(gameday up --quiet)"; kubectl get pods -n production
"""
_RECOVER_EXAMPLES = """\
  gameday recover
  gameday recover runs/2026-01-31T12-00-00
  gameday recover --context kind-gameday
"""


@dataclass(frozen=True)
class _Command:
    """One command: its name, one line of help, examples, and the function that adds its arguments."""

    name: str
    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


class _ShowVersion(argparse.Action):
    """Reads the version only when it is asked for: that takes some milliseconds, which no other command needs."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        sys.stdout.write(f"gameday {version('runbook-gameday')}\n")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The parser of `gameday`; parsing sets `command` to the name of the command."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="gameday",
        description="Tests operations runbooks: causes each documented incident, executes the runbook as written,\n"
        "and decides whether the service recovered and whether the runbook was the reason.",
        epilog=f"{EXIT_CODES}\nstart with: gameday run --demo",
        formatter_class=layout,
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="Commands")
    for each in _COMMANDS:
        epilog = f"examples:\n{each.examples}\n{EXIT_CODES}"
        command = commands.add_parser(
            each.name, help=each.help, description=each.help, epilog=epilog, formatter_class=layout
        )
        each.add_arguments(command)
    return parser


# -- arguments shared by several commands ------------------------------------------------------------------------------


def _add_document(command: argparse.ArgumentParser) -> None:
    command.add_argument("runbook", type=Path, nargs="?", metavar="RUNBOOK", help="the runbook document (Markdown)")
    demo.add_option(command)


def _add_selection(command: argparse.ArgumentParser) -> None:
    command.add_argument("--only", action="append", default=[], metavar="ID", help="only this runbook; repeatable")
    about = "the bindings file (default: gameday.yaml beside the document or in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)


def _add_start(command: argparse.ArgumentParser) -> None:
    about = (
        "the values from which toggles start: deployed, or documented, the old ones in the runbook (default: deployed)"
    )
    command.add_argument("--start", choices=("deployed", "documented"), default="deployed", help=about)


def _add_control(command: argparse.ArgumentParser) -> None:
    about = "run the control before the treatment, on one platform (default: as `control` in the bindings says)"
    command.add_argument("--sequential", action="store_true", help=about)
    about = "observe a sequential control for S seconds from its fault on (default: chosen from steps and earlier runs)"
    command.add_argument("--observe", type=positive, metavar="S", help=about)


def _add_report_format(command: argparse.ArgumentParser) -> None:
    names = Family[object]("reports").names()
    about = f"the report format: {', '.join(names)} (default: text)"
    command.add_argument("--format", choices=names or None, metavar="FORMAT", default="text", help=about)


def _add_platform(command: argparse.ArgumentParser) -> None:
    names = Family[object]("platforms").names()
    about = f"where the services run: {', '.join(names)} (default: local)"
    command.add_argument("--platform", choices=names or None, metavar="PLATFORM", help=about)
    about = "base image of the services' images (default: the one in their Dockerfile)"
    command.add_argument("--base-image", metavar="IMAGE", help=about)
    about = "node image of a cluster that gameday creates (default: the tool's own)"
    command.add_argument("--node-image", metavar="IMAGE", help=about)
    command.add_argument("--context", metavar="NAME", help="kube context of an existing sandbox cluster")


def _jobs(text: str) -> int | None:
    return None if text == "auto" else positive(text)


# -- arguments of one command ------------------------------------------------------------------------------------------


def _add_run(command: argparse.ArgumentParser) -> None:
    _add_document(command)
    _add_selection(command)
    _add_start(command)
    _add_control(command)
    _add_platform(command)
    about = "generate the load from N workers in the platform's cluster (default: from this machine)"
    command.add_argument("--load-in-cluster", type=positive, metavar="N", help=about)
    about = "run N drills in parallel, each on its own platforms; auto: as many as the machine has room for (default)"
    command.add_argument("--jobs", type=_jobs, metavar="N", help=about)
    command.add_argument("--out", type=Path, metavar="DIR", help="the run directory (default: runs/<time>)")
    about = "seed of the draw which side of a drill comes up, and is broken, first (default: a random one)"
    command.add_argument("--seed", type=natural, metavar="N", help=about)
    about = "credit a recovery only if the incident ends by itself with p <= 1 %% (default: 10 %%)"
    command.add_argument("--strict", action="store_true", help=about)
    history_parser.add_run_options(command)
    page_parser.add_run_options(command)
    monitoring_parser.add_run_options(command)
    notify_parser.add_option(command)
    drill_parser.add_responder(command, "runbook")
    _add_report_format(command)
    add_open(command)
    command.add_argument("--quiet", action="store_true", help="print the result only, no progress")


def _add_drill(command: argparse.ArgumentParser) -> None:
    _add_document(command)
    _add_selection(command)
    drill_parser.add_handling(command)
    page_parser.add_run_options(command)
    _add_start(command)
    _add_control(command)
    _add_platform(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="the run directory (default: runs/<time>)")
    about = "seed of the draws: which incident, and which side comes up first (default: a random one)"
    command.add_argument("--seed", type=natural, metavar="N", help=about)
    about = "credit a recovery only if the incident ends by itself with p <= 1 %% (default: 10 %%)"
    command.add_argument("--strict", action="store_true", help=about)
    history_parser.add_run_options(command)
    _add_report_format(command)


def _add_ui(command: argparse.ArgumentParser) -> None:
    _add_document(command)
    _add_selection(command)
    _add_start(command)
    _add_platform(command)
    page_parser.add_ui_options(command)


def _add_report(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", type=Path, metavar="RUN", help="a run directory or its record.jsonl")
    _add_report_format(command)
    add_open(command)


def _add_postmortem(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", type=Path, metavar="RUN", help="a run directory or its record.jsonl")
    about = "the directory of the papers (default: postmortem in the run directory)"
    command.add_argument("--out", type=Path, metavar="DIR", help=about)


def _add_show(command: argparse.ArgumentParser) -> None:
    _add_document(command)
    add_format(command)


def _add_plan(command: argparse.ArgumentParser) -> None:
    _add_document(command)
    _add_selection(command)
    _add_start(command)
    _add_control(command)
    add_format(command)


def _add_rules(command: argparse.ArgumentParser) -> None:
    rules.add_arguments(command, _add_document, _add_selection)


def _add_slo(command: argparse.ArgumentParser) -> None:
    below = command.add_subparsers(dest="slo_command", required=True, metavar="COMMAND", title="Commands")
    about = "validate OpenSLO files and list their SLOs"
    check = below.add_parser("check", help=about, description=about)
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help="OpenSLO v1 files (YAML)")
    add_format(check)
    about = "show the SLOs that a run is judged by, as OpenSLO documents"
    show = below.add_parser("show", help=about, description=about)
    _add_document(show)
    _add_selection(show)
    about = "import SLOs from another tool"
    bring = below.add_parser("import", help=about, description=about)
    bring.add_argument("tool", choices=("k6",), help="the tool that the file belongs to")
    about = "k6's options as JSON (`-`: stdin), or a script (requires `k6`)"
    bring.add_argument("file", type=Path, metavar="FILE", help=about)
    about = "load series of METRIC, or of k6's own metrics (default: as the first runbook in gameday.yaml); repeatable"
    bring.add_argument("--series", action="append", default=[], metavar="[METRIC=]SERIES", help=about)


def _add_up(command: argparse.ArgumentParser) -> None:
    _add_down(command)
    about = "the bindings file, whose services run (default: gameday.yaml in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    command.add_argument("--quiet", action="store_true", help="print only the export statements")


def _add_down(command: argparse.ArgumentParser) -> None:
    _add_platform(command)
    about = "the platform's directory (default: runs/platform)"
    command.add_argument("--dir", type=Path, default=DEFAULT_DIR, metavar="DIR", help=about)


def _add_recover(command: argparse.ArgumentParser) -> None:
    command.add_argument("run", type=Path, nargs="*", metavar="RUN", help="run directories (default: all in runs/)")
    about = "kube context to clean up, using the revert journal stored in the cluster"
    command.add_argument("--context", metavar="NAME", help=about)
    about = "with --context: the namespace of the manifests that were drilled (default: production)"
    command.add_argument("--namespace", metavar="NAME", help=about)


_COMMANDS = (
    _Command(
        "init",
        "write gameday.yaml for runbooks, or add what it lacks",
        bindings_parser.INIT_EXAMPLES,
        bindings_parser.add_init,
    ),
    _Command(
        "check",
        "list everything that is missing before a run; starts nothing",
        bindings_parser.CHECK_EXAMPLES,
        bindings_parser.add_check,
    ),
    _Command(
        "discover",
        "propose services and symptoms from compose files, manifests and Prometheus rules",
        bindings_parser.DISCOVER_EXAMPLES,
        bindings_parser.add_discover,
    ),
    _Command(
        "rbac",
        "print the Roles with which an ordinary account can drill manifests in a cluster",
        bindings_parser.RBAC_EXAMPLES,
        bindings_parser.add_rbac,
    ),
    _Command(
        "schema",
        "print the JSON Schema of gameday.yaml, for editors",
        bindings_parser.SCHEMA_EXAMPLES,
        bindings_parser.add_schema,
    ),
    _Command("run", "run a drill for every runbook of a document, and judge it", _RUN_EXAMPLES, _add_run),
    _Command(
        "drill",
        "let a person or a program handle one incident, and judge it",
        drill_parser.DRILL_EXAMPLES,
        _add_drill,
    ),
    _Command(
        "shell",
        "handle the incident of a drill that runs, in a second terminal",
        drill_parser.SHELL_EXAMPLES,
        drill_parser.add_shell,
    ),
    _Command("ui", "drill by hand, beside locust's web UI", page_parser.UI_EXAMPLES, _add_ui),
    _Command("compare", "compare the latency of two variants of a service", compare.EXAMPLES, compare.add_arguments),
    _Command("report", "judge an earlier run again, from its record", _REPORT_EXAMPLES, _add_report),
    _Command(
        "postmortem",
        "write the papers after an incident, and a patch of the runbook, from a run's record",
        _POSTMORTEM_EXAMPLES,
        _add_postmortem,
    ),
    _Command(
        "show",
        "show what the parser understood, section by section, with line numbers",
        "  gameday show runbooks/operations.md\n",
        _add_show,
    ),
    _Command(
        "plan",
        "show what would run, with placeholders filled in, and what would be refused; runs nothing",
        "  gameday plan runbooks/operations.md --only WS_OVERLOAD\n",
        _add_plan,
    ),
    _Command("lint", lint_parser.LINT_HELP, lint_parser.LINT_EXAMPLES, lint_parser.add_lint),
    _Command("lsp", lint_parser.LSP_HELP, lint_parser.LSP_EXAMPLES, lint_parser.add_lsp),
    _Command("rule", lint_parser.RULE_HELP, lint_parser.RULE_EXAMPLES, lint_parser.add_rule),
    _Command("slo", "check OpenSLO files, show the SLOs of a run, import k6 thresholds", _SLO_EXAMPLES, _add_slo),
    _Command("rules", "print Prometheus alert rules for the SLOs of a document", rules.EXAMPLES, _add_rules),
    _Command(
        "history",
        "list earlier runs with their verdicts and latencies; remove old ones",
        history_parser.HISTORY_EXAMPLES,
        history_parser.add_history,
    ),
    _Command(
        "baseline",
        "pin runs as the baseline that later runs are compared with",
        history_parser.BASELINE_EXAMPLES,
        history_parser.add_baseline,
    ),
    _Command(
        "regress",
        "compare P95 of a run with the pinned baseline; re-run on an alarm",
        history_parser.REGRESS_EXAMPLES,
        history_parser.add_regress,
    ),
    _Command(
        "trend",
        "report the changes of P95 in the history (extra: pip install 'runbook-gameday[trend]')",
        history_parser.TREND_EXAMPLES,
        history_parser.add_trend,
    ),
    _Command("up", "start a platform and leave it running, for exploration", _UP_EXAMPLES, _add_up),
    _Command("down", "end the platform that `gameday up` started", "  gameday down\n", _add_down),
    _Command("recover", "end everything that a killed run left behind", _RECOVER_EXAMPLES, _add_recover),
)
