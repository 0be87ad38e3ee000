"""Arguments of the commands about earlier runs: history, baseline, regress."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import add_format, add_page, positive
from harness.history import DEFAULT_HISTORY

HISTORY_EXAMPLES = """\
  gameday history                                         every run, newest first
  gameday history --scenario timeout --format json        the runs with one scenario, for programs
  gameday history --html history.html                     also as a page with plots
  gameday history prune --keep 200                        remove all but the newest 200 runs, and those of baselines
  gameday history add runs/2026-01-31T12-00-00            add a run from its record
"""
BASELINE_EXAMPLES = """\
  gameday baseline pin                                    the newest 10 to 20 runs like the newest one
  gameday baseline pin 3 4 5 7 8 9 10 11 12 14            these runs
  gameday baseline show
  gameday baseline unpin --scenario timeout
"""
REGRESS_EXAMPLES = """\
  gameday regress                                         the newest run, with up to three re-runs on an alarm
  gameday regress 31 --scenario timeout --no-rerun        one scenario of an earlier run, without re-runs
  gameday regress --html regression.html                  also as a page with plots
"""
TREND_EXAMPLES = """\
  gameday trend                                           changes of P95 in the history of each scenario
  gameday trend --scenario timeout --format json
"""


def add_file(command: argparse.ArgumentParser, **how: object) -> None:
    """Add `--history FILE`."""
    about = "the history of runs (default: .gameday/history.db)"
    default = how.get("default", DEFAULT_HISTORY)
    command.add_argument("--history", type=Path, default=default, metavar="FILE", help=about)


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `gameday run` that concern the history."""
    about = "observe the steady state before the fault for S seconds or longer (default: as long as its decision takes)"
    command.add_argument("--steady", type=positive, default=0, metavar="S", help=about)
    keep = command.add_mutually_exclusive_group()
    add_file(keep)  # type: ignore[arg-type]  # a group has the same method
    keep.add_argument("--no-history", action="store_true", help="do not add the run to the history")


def add_history(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday history`."""
    add_file(command)
    _add_scenario(command)
    command.add_argument("--platform", metavar="PLATFORM", help="only runs on this platform")
    about = "only runs with this verdict: passed, failed, inconclusive"
    command.add_argument("--verdict", choices=("passed", "failed", "inconclusive"), metavar="VERDICT", help=about)
    command.add_argument("--revision", metavar="REV", help="only runs of this git revision (its beginning)")
    command.add_argument("--last", type=positive, metavar="N", help="only the newest N runs")
    add_format(command)
    add_page(command)
    below = command.add_subparsers(dest="history_command", metavar="COMMAND", title="Commands")
    about = "remove old runs, but none of a baseline"
    prune = below.add_parser("prune", help=about, description=about)
    add_file(prune, default=argparse.SUPPRESS)
    limits = prune.add_mutually_exclusive_group(required=True)
    limits.add_argument("--keep", type=positive, metavar="N", help="keep the newest N runs")
    limits.add_argument("--days", type=positive, metavar="D", help="keep the runs of the last D days")
    about = "add runs from their records, such as those of another machine"
    add = below.add_parser("add", help=about, description=about)
    add_file(add, default=argparse.SUPPRESS)
    add.add_argument("run", type=Path, nargs="+", metavar="RUN", help="run directories")


def add_baseline(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday baseline`."""
    below = command.add_subparsers(dest="baseline_command", required=True, metavar="COMMAND", title="Commands")
    about = "make 10 to 20 runs the baseline that later runs are compared with"
    pin = below.add_parser("pin", help=about, description=about)
    about = "runs, by number or run directory (default: the newest like the newest one)"
    pin.add_argument("run", nargs="*", metavar="RUN", help=about)
    about = "show the pinned baselines"
    show = below.add_parser("show", help=about, description=about)
    add_format(show)
    about = "remove baselines; their runs stay"
    unpin = below.add_parser("unpin", help=about, description=about)
    for each in (pin, show, unpin):
        _add_scenario(each)
        add_file(each)


def add_regress(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday regress`."""
    about = "the run to judge, by number or run directory (default: the newest)"
    command.add_argument("run", nargs="?", metavar="RUN", help=about)
    _add_scenario(command)
    command.add_argument("--no-rerun", action="store_true", help="judge the run alone; start no re-run on an alarm")
    command.add_argument("--base-image", metavar="IMAGE", help="as in `gameday run`, for the re-runs")
    command.add_argument("--node-image", metavar="IMAGE", help="as in `gameday run`, for the re-runs")
    command.add_argument("--context", metavar="NAME", help="as in `gameday run`, for the re-runs")
    add_format(command)
    add_page(command)
    add_file(command)


def add_trend(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday trend`."""
    _add_scenario(command)
    add_format(command)
    add_file(command)


def _add_scenario(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scenario", metavar="NAME", help="only this scenario")
