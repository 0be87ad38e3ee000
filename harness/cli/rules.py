"""`gameday rules`: its arguments and what it prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.cli.shared_options import add_document, add_selection
from harness.errors import PASSED

EXAMPLES = """\
  gameday rules runbooks/operations.md                                   the rules on stdout
  gameday rules runbooks/operations.md --out alerts                      and their unit tests, as files
  gameday rules ops.md --url https://example.com/runbooks/ops.html       links in the alerts
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday rules`."""
    add_document(command)
    add_selection(command)
    about = "where the document is read in an incident, for `runbook_url` (default: its path)"
    command.add_argument("--url", metavar="URL", help=about)
    about = "the label that has the name of a Deployment in your Prometheus (default: deployment)"
    command.add_argument("--label", default="deployment", metavar="NAME", help=about)
    about = "write gameday.rules.yml, and unit tests for promtool, to this directory"
    command.add_argument("--out", type=Path, metavar="DIR", help=about)


def rules(options: argparse.Namespace) -> int:
    """Run the command."""
    from harness import app  # noqa: PLC0415  names alone are needed for `--help`
    from harness.cli.notify import notify  # noqa: PLC0415

    plan = app.PlanRequest(options.runbook, options.bindings, tuple(options.only))
    found = app.rules(app.RulesRequest(plan, options.url, options.label))
    for note in found.notes:
        notify(f"no rule: {note}")
    if options.out is None:
        sys.stdout.write(found.rules)
        return PASSED
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in found.files.items():
        (options.out / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{options.out / name}\n")
    return PASSED


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"rules": rules}
"""By the name that the parser sets."""
