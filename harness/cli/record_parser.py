"""Arguments of the commands that read the record of a run: report, postmortem."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import add_open
from harness.cli.shared_options import add_report_format

REPORT_EXAMPLES = """\
  gameday report runs/2026-01-31T12-00-00
  gameday report runs/2026-01-31T12-00-00 --format junit
  gameday report runs/2026-01-31T12-00-00 --open
"""
POSTMORTEM_EXAMPLES = """\
  gameday postmortem runs/2026-01-31T12-00-00
  gameday postmortem runs/2026-01-31T12-00-00 --out papers
"""


def add_report(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday report`."""
    command.add_argument("run", type=Path, metavar="RUN", help="a run directory or its record.jsonl")
    add_report_format(command)
    add_open(command)


def add_postmortem(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday postmortem`."""
    command.add_argument("run", type=Path, metavar="RUN", help="a run directory or its record.jsonl")
    about = "the directory of the papers (default: postmortem in the run directory)"
    command.add_argument("--out", type=Path, metavar="DIR", help=about)
