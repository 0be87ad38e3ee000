"""Arguments of the commands about platforms: up, down, recover."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.shared_options import add_platform

DEFAULT_DIR = Path("runs/platform")
"""The directory of `gameday up`."""
UP_EXAMPLES = """\
  gameday up
  eval "$(gameday up --quiet)"; kubectl get pods -n production
"""
RECOVER_EXAMPLES = """\
  gameday recover
  gameday recover runs/2026-01-31T12-00-00
  gameday recover --context kind-gameday
"""


def add_up(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday up`."""
    add_down(command)
    about = "the bindings file, whose services run (default: gameday.yaml in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    command.add_argument("--quiet", action="store_true", help="print only the export statements")


def add_down(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday down`."""
    add_platform(command)
    about = "the platform's directory (default: runs/platform)"
    command.add_argument("--dir", type=Path, default=DEFAULT_DIR, metavar="DIR", help=about)


def add_recover(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday recover`."""
    command.add_argument("run", type=Path, nargs="*", metavar="RUN", help="run directories (default: all in runs/)")
    about = "kube context to clean up, using the revert journal stored in the cluster"
    command.add_argument("--context", metavar="NAME", help=about)
    about = "with --context: the namespace of the manifests that were drilled (default: production)"
    command.add_argument("--namespace", metavar="NAME", help=about)
