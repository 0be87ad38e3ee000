"""The commands of the command line, each with its help, its examples, and the function that adds its arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.cli import (
    bindings_parser,
    compare,
    drill_parser,
    history_parser,
    lint_parser,
    page_parser,
    platform_parser,
    record_parser,
    rules,
    run_parser,
    slo_parser,
)

EXIT_CODES = """\
exit codes: 0 passed · 1 failed · 2 unusable input or environment · 3 inconclusive · 4 internal error of gameday
            130, 143 interrupted before a verdict · 141 the reader of the output is gone\
"""


class _Command(NamedTuple):
    """One command: its name, one line of help, examples, and the function that adds its arguments."""

    name: str
    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


class _ShowVersion(argparse.Action):
    """Reads the version only when it is asked for: that takes some milliseconds, which no other command needs."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415  see above

        sys.stdout.write(f"gameday {version('runbook-gameday')}\n")
        parser.exit()


def build_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser of `gameday`; parsing sets `command` to the name of the command.

    `words` is a command line: the parser is for this one, so only the command that it names gets arguments, which saves
    most of the time. None: every command gets its own.
    """
    named = None if words is None else next((word for word in words if not word.startswith("-")), "")
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
        if named in (None, each.name):
            each.add_arguments(command)
    return parser


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
    _Command(
        "run", "run a drill for every runbook of a document, and judge it", run_parser.RUN_EXAMPLES, run_parser.add_run
    ),
    _Command(
        "drill",
        "let a person or a program handle one incident, and judge it",
        drill_parser.DRILL_EXAMPLES,
        run_parser.add_drill,
    ),
    _Command(
        "shell",
        "handle the incident of a drill that runs, in a second terminal",
        drill_parser.SHELL_EXAMPLES,
        drill_parser.add_shell,
    ),
    _Command("ui", "drill by hand, beside locust's web UI", page_parser.UI_EXAMPLES, run_parser.add_ui),
    _Command("compare", "compare the latency of two variants of a service", compare.EXAMPLES, compare.add_arguments),
    _Command(
        "report", "judge an earlier run again, from its record", record_parser.REPORT_EXAMPLES, record_parser.add_report
    ),
    _Command(
        "postmortem",
        "write the papers after an incident, and a patch of the runbook, from a run's record",
        record_parser.POSTMORTEM_EXAMPLES,
        record_parser.add_postmortem,
    ),
    _Command(
        "show",
        "show what the parser understood, section by section, with line numbers",
        "  gameday show runbooks/operations.md\n",
        run_parser.add_show,
    ),
    _Command(
        "plan",
        "show what would run, with placeholders filled in, and what would be refused; runs nothing",
        "  gameday plan runbooks/operations.md --only WS_OVERLOAD\n",
        run_parser.add_plan,
    ),
    _Command("lint", lint_parser.LINT_HELP, lint_parser.LINT_EXAMPLES, lint_parser.add_lint),
    _Command("lsp", lint_parser.LSP_HELP, lint_parser.LSP_EXAMPLES, lint_parser.add_lsp),
    _Command("rule", lint_parser.RULE_HELP, lint_parser.RULE_EXAMPLES, lint_parser.add_rule),
    _Command(
        "slo",
        "check OpenSLO files, show the SLOs of a run, import k6 thresholds",
        slo_parser.SLO_EXAMPLES,
        slo_parser.add_slo,
    ),
    _Command("rules", "print Prometheus alert rules for the SLOs of a document", rules.EXAMPLES, rules.add_arguments),
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
    _Command(
        "up",
        "start a platform and leave it running, for exploration",
        platform_parser.UP_EXAMPLES,
        platform_parser.add_up,
    ),
    _Command("down", "end the platform that `gameday up` started", "  gameday down\n", platform_parser.add_down),
    _Command(
        "recover",
        "end everything that a killed run left behind",
        platform_parser.RECOVER_EXAMPLES,
        platform_parser.add_recover,
    ),
)
