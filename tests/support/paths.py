"""Files and commands of the project that tests use."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "runbooks" / "operations.md"
BINDINGS = ROOT / "gameday.yaml"
SLOS = ROOT / "slos"
SCENARIOS = ROOT / "scenarios"
DATA = ROOT / "tests" / "data"
COMMAND = Path(sys.executable).with_name("gameday")
FORK_SERVER_STAND_IN = (sys.executable, str(ROOT / "tests" / "support" / "fork_server_stand_in.py"))
"""Starts a fork server with the smallest services that keep docs/reference/contracts.md."""
