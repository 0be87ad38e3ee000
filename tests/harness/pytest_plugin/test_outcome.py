"""What a test becomes by the verdict of its drills, and what it says."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from harness.app import RunResult
from harness.pytest_plugin.drills import Selection, selected, stopped_in_order
from harness.pytest_plugin.outcome import check
from tests.support.simulated_drill import World, incident

RUNBOOK = "docs/x.md"


def result(folder: Path, *, heals: bool = True, symptom: str | None = "error_rate(gateway) > 5%") -> RunResult:
    """The result of a simulated drill."""
    world = World(folder, incident, heals=heals, symptoms=(("errors", symptom),))
    world.run()
    from harness.app import ReportRequest, report

    return RunResult(folder, report(ReportRequest(folder)))


def test_passed_drill_lets_the_test_go_on(tmp_path: Path) -> None:
    check(result(tmp_path), RUNBOOK, allow_inconclusive=False)


def test_failed_drill_fails_the_test_with_cause_reasons_and_evidence(tmp_path: Path) -> None:
    failed = result(tmp_path, heals=False)
    for allowed in (False, True):
        with pytest.raises(pytest.fail.Exception) as raised:
            check(failed, RUNBOOK, allow_inconclusive=allowed)
    first, *others, last = str(raised.value.msg).split("\n")
    (only,) = failed.gameday.drills
    assert first == f"docs/x.md:{only.line}: WEB failed: {only.cause}"
    assert "objective" in only.cause
    assert others == [f"  also: {reason}" for reason in only.why[1:]]
    assert last == f"evidence: {tmp_path / 'report.html'}"
    assert not raised.value.pytrace


def test_inconclusive_drill_fails_the_test_unless_that_is_allowed(tmp_path: Path) -> None:
    unknown = result(tmp_path, symptom=None)
    either = (pytest.fail.Exception, pytest.skip.Exception)  # a wrong skip would only skip this test
    with pytest.raises(either, match=r"^docs/x.md:[0-9]+: WEB inconclusive: ") as failed:
        check(unknown, RUNBOOK, allow_inconclusive=False)
    with pytest.raises(either, match=r"^inconclusive: ") as skipped:
        check(unknown, RUNBOOK, allow_inconclusive=True)
    assert (failed.type, skipped.type) == either
    assert skipped.value.msg == f"inconclusive: {unknown.gameday.cause}"


def test_selection_is_relative_to_the_root_and_takes_one_id_or_several() -> None:
    root = Path("/project")
    assert selected(root, "docs/x.md", {}) == Selection(root / "docs/x.md")
    assert selected(root, "x.md", {"only": "A", "bindings": "b.yaml", "strict": True}) == Selection(
        root / "x.md", ("A",), root / "b.yaml", strict=True
    )
    assert selected(root, "x.md", {"only": ["A", "B"]}).only == ("A", "B")


def test_unknown_argument_is_named() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"runbook\(…\) has no argument onyl; it has only, bindings, allow"):
        selected(Path(), "x.md", {"onyl": "A"})


def test_interrupt_ends_the_drills_first_and_pytest_afterwards() -> None:
    ended = []

    def drills(stop: threading.Event) -> None:
        with stopped_in_order(stop):
            signal.raise_signal(signal.SIGINT)
            assert stop.is_set()
            ended.append("drills")

    with pytest.raises(KeyboardInterrupt):
        drills(threading.Event())
    assert ended == ["drills"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
