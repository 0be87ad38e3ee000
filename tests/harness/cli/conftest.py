"""A folder with everything that a command needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.paths import BINDINGS, RUNBOOK, SLOS


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the shipped runbook, bindings and SLOs, and nothing else."""
    shutil.copy(RUNBOOK, tmp_path / "ops.md")
    shutil.copy(BINDINGS, tmp_path / "gameday.yaml")
    shutil.copytree(SLOS, tmp_path / "slos")
    return tmp_path
