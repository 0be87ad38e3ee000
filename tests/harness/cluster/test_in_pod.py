"""The script that runs `kubectl exec` on the local platform, with and without namespaces of the machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster.runtimes.process.execution import IN_POD

Run = Callable[[str], subprocess.CompletedProcess[str]]
UNSHARE = "if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS):"


def forbidden(folder: Path) -> Path:
    """The script on a machine that forbids namespaces."""
    text = Path(IN_POD[-1]).read_text()
    assert UNSHARE in text
    script = folder / "in_pod.py"
    script.write_text(text.replace(UNSHARE, "if True:"))
    return script


@pytest.fixture(params=["namespaces", "none"])
def in_pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """A function that runs shell text beside a process that stands for a pod's."""
    script = str(IN_POD[-1]) if request.param == "namespaces" else str(forbidden(tmp_path))

    with subprocess.Popen(["sleep", "600"]) as pod:

        def run(text: str) -> subprocess.CompletedProcess[str]:
            argv = [sys.executable, "-IS", script, str(pod.pid), "/bin/sh", "sh", "-c", text]
            return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)

        yield run
        assert pod.poll() is None, "the pod's process must not be reached by a signal that it does not handle"
        pod.kill()


@pytest.mark.parametrize("kill", ["kill -9", "/bin/kill -9", "env kill -9"])
def test_no_process_outside_the_pod_is_killed(in_pod: Run, kill: str) -> None:
    with subprocess.Popen(["sleep", "600"]) as stranger:
        try:
            assert in_pod(f"{kill} {stranger.pid}").returncode == 1
            assert in_pod(f"{kill} 1; exit 7").returncode == 7
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_output_and_exit_status_are_those_of_the_command(in_pod: Run) -> None:
    done = in_pod("echo out; echo err >&2; yes | head -n 1; exit 3")
    assert (done.stdout, done.stderr, done.returncode) == ("out\ny\n", "err\n", 3)
    assert in_pod("sleep 3 >/dev/null 2>&1 & exit 4").returncode == 4


def test_pod_that_has_ended_is_an_error() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    done = subprocess.run([*IN_POD, str(ended.pid), "/bin/true", "true"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1, "error: unable to upgrade connection: the pod's process has ended\n",
    )  # fmt: skip
