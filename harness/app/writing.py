"""Writes files that appear complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import MachineError


def write_whole(text: str, path: Path) -> None:
    """Write a file. Raises OSError."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_page(text: str, path: Path) -> Path:
    """Write a page, and return its path. Raises MachineError when it cannot be written."""
    try:
        write_whole(text, path)
    except OSError as error:
        raise MachineError(f"{path}: cannot be written ({error.strerror}); name another file") from None
    return path
