"""Arguments of the commands for people who handle an incident: drill, shell."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import duration_s

DRILL_EXAMPLES = """\
  gameday drill --demo                                    you handle one incident, which is drawn, in this terminal
  gameday drill ops.md --fault capacity-loss              this fault
  gameday drill ops.md --hidden --seed 7                  the fault is hidden until the end; the same one for everybody
  gameday drill ops.md --responder 'python3 fix.py'       a program handles it
"""
SHELL_EXAMPLES = """\
  gameday shell                                           the drill that runs, in a second terminal
  gameday shell runs/2026-01-31T12-00-00                  that of this run
  gameday shell --observer Ann                            for an observer, who takes notes by `note`
"""


def add_handling(command: argparse.ArgumentParser) -> None:
    """Add the options of `gameday drill` that no other command has."""
    about = "the fault, by its name in the bindings (default: that of a runbook which is drawn with --seed)"
    command.add_argument("--fault", metavar="NAME", help=about)
    about = "show neither the fault nor the runbook until the drill has ended"
    command.add_argument("--hidden", action="store_true", help=about)
    add_responder(command, "human")
    about = "longest response, such as 10m (default: 15m for a person, 5m for a program)"
    command.add_argument("--budget", type=_budget_s, metavar="DURATION", help=about)
    about = (
        "show a run beside this one in which the runbook was executed (default: the newest in the history that passed)"
    )
    command.add_argument("--beside", type=Path, metavar="RUN", help=about)
    _add_observer(command)


def add_responder(command: argparse.ArgumentParser, default: str) -> None:
    """Add `--responder NAME|COMMAND`."""
    about = f"who handles the incident: a responder's name, or the command line of a program (default: {default})"
    command.add_argument("--responder", default=default, metavar="NAME|COMMAND", help=about)


def add_shell(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday shell`."""
    about = "the run directory of the drill (default: that of the drill that runs)"
    command.add_argument("run", type=Path, nargs="?", metavar="RUN", help=about)
    _add_observer(command)


def _add_observer(command: argparse.ArgumentParser) -> None:
    about = "the name under which `note` keeps notes (default: observer)"
    command.add_argument("--observer", default="observer", metavar="NAME", help=about)


def _budget_s(text: str) -> float:
    """A duration that is not 0."""
    seconds = duration_s(text)
    if not seconds:
        raise argparse.ArgumentTypeError(f"`{text}` leaves no time for a response")
    return seconds
