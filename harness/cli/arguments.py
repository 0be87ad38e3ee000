"""Types of arguments, and options, that several commands share."""

from __future__ import annotations

import argparse


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


def add_format(command: argparse.ArgumentParser) -> None:
    """Add `--format text|json`."""
    about = "text for people, json for programs (default: text)"
    command.add_argument("--format", choices=("text", "json"), default="text", help=about)
