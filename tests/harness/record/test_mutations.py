"""Mutated records: refused with a message, or judged in little memory and time, and never a pass."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.stats.inflation import VifEstimate
from harness.verdict.result import Verdict
from tests.support.paths import ROOT
from tests.support.record_mutations import objects
from tests.support.simulated_drill import World, incident

MEMORY_BYTES, SECONDS = 300 * 2**20, 10.0
CHILD = "tests.support.report_mutations"


def not_passed(folder: Path) -> str:
    """The record of a drill that was interrupted in its recovery."""
    world = World(folder, incident, known=VifEstimate(1.3, 60.0), heals=False, over_ms=500.0)
    world.at = lambda now_s: world.stop.set() if now_s > 20 else None
    assert world.run().verdict is Verdict.INCONCLUSIVE
    return world.journal.path.read_text(encoding="utf-8")


def failed(folder: Path) -> str:
    """The record of a drill whose runbook does not restore the service."""
    world = World(folder, incident, known=VifEstimate(1.3, 60.0), heals=False, over_ms=500.0)
    assert world.run().verdict is Verdict.FAILED
    return world.journal.path.read_text(encoding="utf-8")


def check(folder: Path, record: str, seeds: range) -> None:
    """Report a mutation per seed in a child process with bounded memory and time."""
    (folder / "lines.json").write_text(json.dumps(objects(record)))
    limits = [str(MEMORY_BYTES), str(SECONDS)]
    argv = [sys.executable, "-m", CHILD, str(folder), str(seeds.start), str(seeds.stop), *limits]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("record", [not_passed, failed])
@pytest.mark.parametrize("begin", [0, 100])
def test_mutated_record_is_an_error_or_judged_and_never_passed(tmp_path: Path, record: object, begin: int) -> None:
    check(tmp_path, record(tmp_path), range(begin, begin + 100))  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("record", [not_passed, failed])
@pytest.mark.parametrize("begin", range(1000, 2000, 250))
def test_two_thousand_mutated_records(tmp_path: Path, record: object, begin: int) -> None:
    check(tmp_path, record(tmp_path), range(begin, begin + 250))  # type: ignore[operator]
