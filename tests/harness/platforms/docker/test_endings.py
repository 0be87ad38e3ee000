"""Runs on docker leave nothing in the engine, ended by Ctrl-C, SIGTERM or SIGKILL at several moments."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.cluster.runtimes.container.ledger import LEDGER
from tests.support.docker import parts, ready_provider
from tests.support.gameday import gameday, left, running
from tests.support.paths import RUNBOOK
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
ENDED_S = 60.0
"""Printed, not asserted: the engine removes some containers one after the other."""
CASES: Mapping[str, tuple[str, signal.Signals, int]] = {
    "Ctrl-C while it comes up": ("── prepare: ", signal.SIGINT, 3),
    "SIGTERM under the fault": ("── symptoms: ", signal.SIGTERM, 3),
    "SIGKILL under the fault": ("── symptoms: ", signal.SIGKILL, -signal.SIGKILL),
}


def of_a_run(out: Path) -> dict[str, str]:
    """What the engine has of all platforms of a run."""
    return {f"{each.parent}: {part}": id for each in out.rglob(LEDGER) for part, id in parts(each.parent).items()}


@pytest.mark.parametrize("case", CASES)
def test_ended_run_leaves_no_containers_or_networks(case: str, tmp_path: Path) -> None:
    with ready_provider(tmp_path / "shared"):
        pass  # the images are there: no run waits for them
    text, number, expected = CASES[case]
    out = tmp_path / "run"
    with running("run", RUNBOOK, "--only", "TIMEOUT", "--platform", "docker", "--out", out, cwd=tmp_path) as run:
        run.wait_for(text)
        if number != signal.SIGINT:
            assert len(of_a_run(out)) == 20, "two platforms of ten parts each"
        os.killpg(run.process.pid, number)
        status, _ = run.end(ENDED_S)
    assert status == expected, "".join(run.lines)
    if number == signal.SIGKILL:
        wait_until(
            lambda: of_a_run(out) == {} or not left(out), limit_s=ENDED_S
        )  # the daemons end with the process that started them
        assert gameday("recover", out, cwd=tmp_path).returncode == 0
    assert of_a_run(out) == {}
    assert left(out) == []
