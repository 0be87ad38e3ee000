"""The kind cluster that was created for a run is deleted at its end, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.platforms.kubernetes import kind
from tests.support.gameday import gameday, left, running
from tests.support.kind import UP_S, containers, missing, verdict
from tests.support.paths import RUNBOOK
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow]
RUN = ("run", RUNBOOK, "--only", "TIMEOUT", "--platform", "kind", "--out", "run")


@pytest.fixture(autouse=True)
def able() -> None:
    if why := missing():
        pytest.skip(why)


def test_run_is_inconclusive_when_its_cluster_dies(tmp_path: Path) -> None:
    with running(*RUN, cwd=tmp_path) as run:
        run.wait_for("── symptoms", UP_S)
        subprocess.run(["docker", "kill", f"{kind.name()}-control-plane"], capture_output=True, check=True)
        status, output = run.end(60)
    assert (status, verdict(tmp_path / "run")) == (3, "inconclusive")
    assert "check that the cluster runs" in " ".join(output.split())
    assert (containers(), left(tmp_path)) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_cluster_is_deleted_when_interrupted_during_its_creation(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C goes to the whole group; after SIGKILL `gameday recover` finds it by the run's note."""
    with running(*RUN, cwd=tmp_path) as run:
        wait_until(containers, limit_s=UP_S)
        os.killpg(run.process.pid, number)
        status = run.process.wait(UP_S)  # what an engine was asked for comes first, or it would be left behind
        if number == signal.SIGKILL:
            assert containers()
            assert f"kind cluster {kind.name()}" in gameday("recover", "run", cwd=tmp_path).stdout
    assert status == (130 if number == signal.SIGINT else -signal.SIGKILL)
    wait_until(lambda: not left(tmp_path), limit_s=60)  # after SIGKILL, kind ends when it finds its node gone
    assert containers() == []
