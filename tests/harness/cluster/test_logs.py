"""Which lines of a container's log are newer than a moment."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cluster import logs, state
from harness.cluster.state import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "0.log").touch()
    return Run(0, tmp_path / "0.log", SimpleNamespace(), started_s=0.0)  # type: ignore[arg-type]


def read(run: Run, since_s: float | None) -> list[str]:
    async def lines() -> list[str]:
        return [line.decode().rstrip() async for line in logs.read(run, follow=False, tail=None, since_s=since_s)]

    return asyncio.run(lines())


def write(run: Run, *lines: str) -> None:
    with run.log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the clock of the cluster be so much later."""
    now = time.time() + seconds
    for module in (logs, state):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now))


def test_lines_without_a_time_are_selected_by_when_they_were_first_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(run, "one", "two")
    run.mark()
    later(monkeypatch, 100)
    write(run, "three")
    run.mark()
    later(monkeypatch, 150)
    write(run, "four")
    assert read(run, None) == ["one", "two", "three", "four"]
    assert read(run, 200) == ["one", "two", "three", "four"]
    assert read(run, 60) == ["three", "four"]
    assert read(run, 10) == ["four"], "it was not seen yet, so it is new"


def test_a_line_after_one_with_a_time_has_that_time(run: Run) -> None:
    write(run, json.dumps({"time": "2026-01-01T00:00:00Z", "msg": "old"}), "  a traceback")
    assert read(run, 60) == []


def test_log_that_is_gone_is_not_measured(run: Run) -> None:
    run.log.unlink()
    run.mark()
    assert not run.marks


def test_end_of_a_log_is_short(run: Run) -> None:
    assert logs.last_lines(run.log) == "it logged nothing"
    write(run, *"abcdef", "g" * 400)
    assert logs.last_lines(run.log) == "\n  ".join(["its last lines:", *"cdef", "g" * 300])
