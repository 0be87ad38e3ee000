"""Types of arguments, and options, that several commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number of at least 1")
    return int(text)


def natural(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number of at least 0")
    return int(text)


def duration_s(text: str) -> float:
    """A duration such as `90s` or `5m`, in seconds; without a unit in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text, re.ASCII)
    if not found:
        raise argparse.ArgumentTypeError(f"`{text}` is not a duration, such as 90s or 5m")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"]


def add_format(command: argparse.ArgumentParser) -> None:
    """Add `--format text|json`."""
    about = "text for people, json for programs (default: text)"
    command.add_argument("--format", choices=("text", "json"), default="text", help=about)


def add_open(command: argparse.ArgumentParser) -> None:
    """Add `--open`."""
    command.add_argument("--open", action="store_true", help="open report.html of the run in the browser")


def add_page(command: argparse.ArgumentParser) -> None:
    """Add `--html FILE`."""
    about = "also write a page with plots, which opens offline"
    command.add_argument("--html", type=_file_to_write, metavar="FILE", help=about)


def _file_to_write(text: str) -> Path:
    """A file in a folder that exists, so that no result is lost after long work."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        fact = "is a folder" if path.is_dir() else f"cannot be written: there is no folder {path.parent}"
        raise argparse.ArgumentTypeError(f"`{text}` {fact}; name a file in a folder that exists")
    return path
