"""Options that several commands share, beside those of `arguments.py`. Choices of families come from the registry."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli import demo
from harness.cli.arguments import positive
from harness.registry import Family


def add_document(command: argparse.ArgumentParser) -> None:
    """Add `RUNBOOK` and `--demo`."""
    command.add_argument("runbook", type=Path, nargs="?", metavar="RUNBOOK", help="the runbook document (Markdown)")
    demo.add_option(command)


def add_selection(command: argparse.ArgumentParser) -> None:
    """Add `--only` and `--bindings`."""
    command.add_argument("--only", action="append", default=[], metavar="ID", help="only this runbook; repeatable")
    about = "the bindings file (default: gameday.yaml beside the document or in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)


def add_start(command: argparse.ArgumentParser) -> None:
    """Add `--start`."""
    about = (
        "the values from which toggles start: deployed, or documented, the old ones in the runbook (default: deployed)"
    )
    command.add_argument("--start", choices=("deployed", "documented"), default="deployed", help=about)


def add_control(command: argparse.ArgumentParser) -> None:
    """Add `--sequential` and `--observe`."""
    about = "run the control before the treatment, on one platform (default: as `control` in the bindings says)"
    command.add_argument("--sequential", action="store_true", help=about)
    about = "observe a sequential control for S seconds from its fault on (default: chosen from steps and earlier runs)"
    command.add_argument("--observe", type=positive, metavar="S", help=about)


def add_report_format(command: argparse.ArgumentParser) -> None:
    """Add `--format` with the formats of reports."""
    names = Family[object]("reports").names()
    about = f"the report format: {', '.join(names)} (default: text)"
    command.add_argument("--format", choices=names or None, metavar="FORMAT", default="text", help=about)


def add_platform(command: argparse.ArgumentParser) -> None:
    """Add `--platform` and the options of platforms."""
    names = Family[object]("platforms").names()
    about = f"where the services run: {', '.join(names)} (default: local)"
    command.add_argument("--platform", choices=names or None, metavar="PLATFORM", help=about)
    about = "base image of the services' images (default: the one in their Dockerfile)"
    command.add_argument("--base-image", metavar="IMAGE", help=about)
    about = "node image of a cluster that gameday creates (default: the tool's own)"
    command.add_argument("--node-image", metavar="IMAGE", help=about)
    command.add_argument("--context", metavar="NAME", help="kube context of an existing sandbox cluster")
