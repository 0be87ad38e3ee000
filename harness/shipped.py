"""Finds the files that come with the harness and are not Python: manifests, Dockerfiles, the demo runbook.

A wheel has them as package data in `harness/_shipped` (hatch_build.py); in a checkout they lie at its top level.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import MachineError

_HARNESS = Path(__file__).resolve().parent
_PACKAGE_DATA = _HARNESS / "_shipped"
ROOT = _PACKAGE_DATA if _PACKAGE_DATA.is_dir() else _HARNESS.parent
"""The folder of the shipped files."""


def path(name: str) -> Path:
    """Return the path of a shipped file or folder, such as `deploy/base`. Raises MachineError when it is missing."""
    return _existing(ROOT / name)


def package(name: str) -> Path:
    """Return the folder of `fakes` or `scenarios`, installed beside the harness. Raises MachineError as `path` does."""
    return _existing(_HARNESS.parent / name)


def _existing(found: Path) -> Path:
    if not found.exists():
        raise MachineError(f"{found}: missing from this installation of the gameday; install runbook-gameday again")
    return found
