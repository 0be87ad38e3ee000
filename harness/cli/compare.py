"""Arguments of `gameday compare`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from harness.cli.arguments import add_format, add_open, duration_s, natural

EXAMPLES = """\
  gameday compare main HEAD                               two revisions; `.` is the working tree
  gameday compare inference: inference:WORKER_SLOTS=8     as deployed, and with another value of a variable
  gameday compare image:shop:1.4 image:shop:1.5           two images of the services, on docker
  gameday compare http://127.0.0.1:8001 http://127.0.0.1:8002 --budget 2m --margin 5%
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    about = "a variant: git revision, folder (`.`), variables (`inference:WORKER_SLOTS=8`), image:NAME:TAG or base URL"
    command.add_argument("base", metavar="BASE", help=about)
    command.add_argument("candidate", metavar="CANDIDATE", help="the variant that must not be slower")
    about = "the load of this runbook of the bindings; repeatable (default: the first one)"
    command.add_argument("--only", action="append", default=[], metavar="ID", help=about)
    about = "the bindings file (default: gameday.yaml in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    about = "arrivals per second on each side (default: as the bindings say)"
    command.add_argument("--rate", type=_above_zero, metavar="N", help=about)
    about = "the latency quantiles to compare (default: 50,95,99)"
    command.add_argument("--quantiles", type=_percentages, default=(50.0, 95.0, 99.0), metavar="LIST", help=about)
    about = "how much slower still counts as not worse (default: 10%%)"
    command.add_argument("--margin", type=_share, default=0.1, metavar="PERCENT", help=about)
    about = "longest load of one runbook; it ends as soon as it is decided (default: 5m)"
    command.add_argument("--budget", type=duration_s, default=300.0, metavar="DURATION", help=about)
    about = "seed of the schedule and of the assignment of requests (default: a random one)"
    command.add_argument("--seed", type=natural, metavar="N", help=about)
    command.add_argument("--out", type=Path, metavar="DIR", help="the run directory (default: runs/<time>)")
    add_format(command)
    add_open(command)
    command.add_argument("--quiet", action="store_true", help="print the result only, no progress")


def _share(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text, re.ASCII)
    if not found:
        raise argparse.ArgumentTypeError(f"`{text}` is not a percentage, such as 10%")
    return float(found[1]) / 100


def _percentages(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a list of percentages, such as 50,95,99") from None


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"`{text}` is not a number above 0")
    return number
