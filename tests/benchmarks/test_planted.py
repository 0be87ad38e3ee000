"""The documents that restore nothing: each kind is planted as often as wanted, and one that passes is a failure."""

from collections import Counter
from pathlib import Path

from benchmarks import planted
from harness.app import PlanRequest, plan
from tests.support.paths import SLOS


def test_planted_documents_are_understood(tmp_path: Path) -> None:
    (tmp_path / "planted.md").write_text(planted.document(2), encoding="utf-8")
    (tmp_path / "gameday.yaml").write_text(planted.bindings(2, seed=1), encoding="utf-8")
    (tmp_path / "slos").symlink_to(SLOS)
    drills = plan(PlanRequest(tmp_path / "planted.md")).plan.drills
    assert [drill.runbook.id for drill in drills] == [f"{kind}_{n}" for kind in planted.KINDS for n in (1, 2)]
    assert all(len(drill.steps) == 1 and len(drill.symptoms) == 1 and not drill.unread for drill in drills)


def test_durations_differ_and_are_repeated_by_the_seed() -> None:
    one, again, other = (planted.bindings(3, seed) for seed in (1, 1, 2))
    assert one == again != other


def test_a_drill_that_passes_misses_the_threshold() -> None:
    found = {kind: Counter({"failed": 3}) for kind in planted.KINDS}
    assert all(each.ok for each in planted.thresholds(found))
    found["LOOKS"]["passed"] = 1
    assert [each.ok for each in planted.thresholds(found)].count(False) == 1
    found["ELSEWHERE"] = Counter()
    assert [each.ok for each in planted.thresholds(found)].count(False) == 2, "none was drilled"
