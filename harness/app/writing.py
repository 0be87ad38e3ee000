"""Writes files that appear complete or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.errors import MachineError


def write_whole(text: str, path: Path) -> None:
    """Write a file, through a link to it, with the permissions that it has. Raises OSError."""
    target = path.resolve()
    partial = target.with_name(f".{target.name}")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        if target.exists():
            shutil.copymode(target, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def write_page(text: str, path: Path) -> Path:
    """Write a page, and return its path. Raises MachineError when it cannot be written."""
    try:
        write_whole(text, path)
    except OSError as error:
        raise MachineError(f"{path}: cannot be written ({error.strerror}); name another file") from None
    return path
