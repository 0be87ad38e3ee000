"""Arguments of the commands that run drills: run, drill, ui; and of those that only show what would run."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli import drill_parser, history_parser, monitoring_parser, notify_parser, page_parser
from harness.cli.arguments import add_format, add_open, natural, positive
from harness.cli.shared_options import (
    add_control,
    add_document,
    add_platform,
    add_report_format,
    add_selection,
    add_start,
)

RUN_EXAMPLES = """\
  gameday run --demo --only VALIDATION_FAIL               a first try, with the runbook that comes with gameday
  gameday run runbooks/operations.md                      every runbook, as many at a time as the machine has room for
  gameday run runbooks/operations.md --jobs 1             one after the other
  gameday run runbooks/operations.md --only TIMEOUT       one runbook
  gameday run runbooks/operations.md --platform kind      on a Kubernetes cluster, created for the run and removed
  gameday run ops.md --bindings ops.yaml --format json    for programs: the result is on stdout
"""


def add_run(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday run`."""
    add_document(command)
    add_selection(command)
    add_start(command)
    add_control(command)
    add_platform(command)
    about = "generate the load from N workers in the platform's cluster (default: from this machine)"
    command.add_argument("--load-in-cluster", type=positive, metavar="N", help=about)
    about = "run N drills in parallel, each on its own platforms; auto: as many as the machine has room for (default)"
    command.add_argument("--jobs", type=_jobs, metavar="N", help=about)
    _add_record(command, "the draw which side of a drill comes up, and is broken, first")
    page_parser.add_run_options(command)
    monitoring_parser.add_run_options(command)
    notify_parser.add_option(command)
    drill_parser.add_responder(command, "runbook")
    add_report_format(command)
    add_open(command)
    command.add_argument("--quiet", action="store_true", help="print the result only, no progress")


def add_drill(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday drill`."""
    add_document(command)
    add_selection(command)
    drill_parser.add_handling(command)
    page_parser.add_run_options(command)
    notify_parser.add_option(command)
    add_start(command)
    add_control(command)
    add_platform(command)
    _add_record(command, "the draws: which incident, and which side comes up first")
    add_report_format(command)


def add_ui(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday ui`."""
    add_document(command)
    add_selection(command)
    add_start(command)
    add_platform(command)
    page_parser.add_ui_options(command)
    notify_parser.add_option(command)


def add_show(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday show`."""
    add_document(command)
    add_format(command)


def add_plan(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday plan`."""
    add_document(command)
    add_selection(command)
    add_start(command)
    add_control(command)
    add_format(command)


def _add_record(command: argparse.ArgumentParser, drawn: str) -> None:
    """Add what a run and a drill share: where the record is, what is drawn, how strict the credit is, the history."""
    command.add_argument("--out", type=Path, metavar="DIR", help="the run directory (default: runs/<time>)")
    command.add_argument("--seed", type=natural, metavar="N", help=f"seed of {drawn} (default: a random one)")
    about = "credit a recovery only if the incident ends by itself with p <= 1 %% (default: 10 %%)"
    command.add_argument("--strict", action="store_true", help=about)
    history_parser.add_run_options(command)


def _jobs(text: str) -> int | None:
    return None if text == "auto" else positive(text)
