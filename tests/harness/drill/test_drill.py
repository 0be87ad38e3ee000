"""Simulated drills: every outcome, and the same verdict from the record."""

import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.app import ReportRequest, report
from harness.drill import Limits
from harness.errors import PlatformError
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import FaultReverted, HostSampled, ProbeSampled
from harness.record.header import DashboardPlan
from harness.record.journal import read_events
from harness.record.steps import StepFacts
from harness.report.json_report import to_json
from harness.stats.inflation import VifEstimate
from harness.verdict.result import Verdict
from tests.support.simulated_drill import START_S, World, incident, ran


def test_runbook_that_restores_the_slos_passes(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    drill = result.drills[0]
    assert (result.verdict, result.exit_code) == (Verdict.PASSED, 0)
    assert drill.controlled
    assert drill.reverted
    assert drill.times.detect_s is not None
    assert drill.times.recover_s is not None
    assert 0 < drill.times.detect_s < drill.times.recover_s
    slo = drill.slos[0]
    assert slo.before is not None
    assert slo.during is not None
    assert slo.after is not None
    assert slo.before.value == 1.0
    assert slo.during.value == pytest.approx(0.5)
    assert slo.after.value == 1.0
    assert slo.after.n >= 800


def test_runbook_that_does_not_restore_the_slos_fails(tmp_path: Path) -> None:
    result = World(tmp_path, incident, heals=False).run()
    assert (result.verdict, result.exit_code) == (Verdict.FAILED, 1)
    assert "did not recover" in result.drills[0].why[0]
    assert "50 %" in result.drills[0].why[0]


def test_self_healed_incident_gives_the_runbook_no_credit(tmp_path: Path) -> None:
    def fades(side: str, since: float | None, healed: bool) -> float:
        return 0.5 if since is not None and since < 15 else 0.0

    result = World(tmp_path, fades).run()
    assert (result.verdict, result.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert "self-healed" in result.drills[0].why[0]
    assert not result.drills[0].controlled


def test_baseline_of_each_side_is_measured_over_the_seconds_that_decided_it(tmp_path: Path) -> None:
    passed_s = [0.0]

    def bad(side: str, since: float | None, healed: bool) -> float:
        if since is None:
            return 0.4 if side == CONTROL and passed_s[0] < 4 else 0.0
        return 0.0 if healed else 0.5

    (drill,) = World(tmp_path, bad, at=lambda now: passed_s.__setitem__(0, now)).run().drills
    (slo,) = drill.slos
    assert slo.before is not None
    assert slo.control_before is not None
    assert (slo.before.holds, slo.control_before.holds) == (True, True)
    assert slo.before.seconds > slo.control_before.seconds >= 10
    assert slo.control_before.bad == 0


def test_unmet_baseline_is_inconclusive_and_no_fault_is_applied(tmp_path: Path) -> None:
    world = World(tmp_path, lambda *_: 0.2)
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "baseline not met" in result.drills[0].why[0]
    assert world.fault_at is None


def test_symptom_present_before_the_fault_is_inconclusive(tmp_path: Path) -> None:
    result = World(tmp_path, incident, symptoms=(("always", "error_rate(gateway) < 5%"),)).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "was present before the fault" in result.drills[0].why[0]


def test_symptom_that_does_not_appear_is_named(tmp_path: Path) -> None:
    symptoms = (("errors", "error_rate(gateway) > 5%"), ("slow", "p95(gateway) > 500ms"))
    result = World(tmp_path, incident, symptoms=symptoms).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "line 11: symptom `slow` (p95(gateway) > 500ms) did not appear" in result.drills[0].why
    assert [symptom.seen for symptom in result.drills[0].symptoms] == [True, False]


def test_unbound_symptom_is_named(tmp_path: Path) -> None:
    result = World(tmp_path, incident, symptoms=(("errors", "error_rate(gateway) > 5%"), ("odd", None))).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "bound to no condition" in result.drills[0].why[0]


def test_runbook_without_symptoms_is_inconclusive(tmp_path: Path) -> None:
    result = World(tmp_path, incident, symptoms=()).run()
    assert result.verdict is Verdict.INCONCLUSIVE


def test_failed_step_fails_the_runbook_although_the_slos_recover(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    broken = replace(ran("read", "kubectl get podz", status=1), line=31, stderr="error: podz")
    world.steps = (*world.steps, broken)
    result = world.run()
    assert result.verdict is Verdict.FAILED
    assert "line 31" in result.drills[0].why[0]
    assert result.drills[0].times.recover_s is not None


@pytest.mark.parametrize("error", [PlatformError("it is stuck"), KeyError("it is stuck")], ids=["ours", "other"])
def test_failed_revert_is_inconclusive(error: Exception, tmp_path: Path) -> None:
    result = World(tmp_path, incident, revert_error=error).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "it is stuck" in result.drills[0].why[0]
    reverted = [event for event in read_events(tmp_path / "record.jsonl") if isinstance(event, FaultReverted)]
    assert [event.ok for event in reverted] == [False, False]


def test_slos_broken_after_the_revert_are_inconclusive(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.bad = lambda side, since, healed: 0.3 if world.reverted_at else incident(side, since, healed)
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "after the revert" in result.drills[0].why[0]


@pytest.mark.parametrize("silent_from", [1.0, 5.0, 25.0])
def test_load_that_stops_reporting_is_inconclusive(tmp_path: Path, silent_from: float) -> None:
    result = World(tmp_path, incident, silent_from=silent_from).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any("load lost" in why for why in result.drills[0].why)


def test_zero_load_is_inconclusive(tmp_path: Path) -> None:
    result = World(tmp_path, incident, rate=0).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "no data" in result.drills[0].why[0]


@pytest.mark.parametrize("after_s", [0.0, 5.0, 12.0, 17.0, 30.0])
def test_interruption_in_any_phase_reverts_the_fault(tmp_path: Path, after_s: float) -> None:
    world = World(tmp_path, incident)
    world.at = lambda passed: world.stop.set() if passed >= after_s else None
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "interrupted before the end" in result.drills[0].why
    assert (world.fault_at is None) == (world.reverted_at is None)


def test_crash_of_the_harness_is_inconclusive(tmp_path: Path) -> None:
    world = World(tmp_path, incident)

    def crash(passed: float) -> None:
        raise RuntimeError("boom")

    world.at = crash
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any("boom" in why for why in result.drills[0].why)


def test_dashboard_metric_that_is_missing_or_constant_fails_the_runbook(tmp_path: Path) -> None:
    boards = tuple(
        DashboardPlan(40 + n, f"Prometheus: {name}", "Prometheus", name)
        for n, name in enumerate(("none", "flat", "moves"))
    )
    world = World(tmp_path, incident, dashboards=boards)

    def sampled(passed: float) -> None:
        values = {"family(flat)": {"p": 1.0}, "family(moves)": {"p": passed}}
        world.record(ProbeSampled(side=TREATMENT, values=values))

    world.at = sampled
    result = world.run()
    assert [board.verdict for board in result.drills[0].dashboards] == ["failed", "failed", "ok"]
    assert result.verdict is Verdict.FAILED


def test_revert_entry_is_written_before_the_fault_is_applied(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.run()
    lines = world.journal.path.read_text().split("\n")
    armed = [n for n, line in enumerate(lines) if '"revert-armed"' in line]
    harmed = [n for n, line in enumerate(lines) if '"fault-applied"' in line]
    assert [a < h for a, h in zip(armed, harmed, strict=True)] == [True, True]


def test_revert_entry_is_synced_to_disk_before_the_fault_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, incident)
    on_disk, at_apply = [""], list[int]()
    fsync = os.fsync

    def note_what_is_on_disk(descriptor: int) -> None:
        fsync(descriptor)
        on_disk[0] = world.journal.path.read_text()

    monkeypatch.setattr(os, "fsync", note_what_is_on_disk)
    world.on_apply = lambda: at_apply.append(on_disk[0].count('"revert-armed"'))
    world.run()
    assert at_apply == [1, 2], "one more entry for each side"


def test_fault_is_not_applied_when_its_revert_entry_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, incident)
    applied: list[float] = []
    world.on_apply = lambda: applied.append(world.now)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = world.run()
    assert applied == []
    assert result.verdict is Verdict.INCONCLUSIVE


def test_report_of_the_record_gives_the_same_result(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    first = world.run()
    assert report(ReportRequest(tmp_path)) == first
    assert to_json(report(ReportRequest(tmp_path))) == to_json(first)
    assert first.seconds < 200
    assert world.now > START_S


def test_cut_record_is_inconclusive(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    assert world.run().verdict is Verdict.PASSED
    lines = world.journal.path.read_text().splitlines(keepends=True)
    for cut in (2, 12, len(lines) // 2, len(lines) - 2):
        world.journal.path.write_text("".join(lines[:cut]))
        result = report(ReportRequest(tmp_path))
        assert result.verdict is Verdict.INCONCLUSIVE
        assert "the record stops before the end of the drill" in result.drills[0].why


@pytest.mark.parametrize("heals", [True, False])
def test_generator_that_falls_behind_is_inconclusive(tmp_path: Path, heals: bool) -> None:
    result = World(tmp_path, incident, heals=heals, late_from_response=30).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "could not be decided" in result.drills[0].why[0]
    assert "the load generator fell behind in 10 of 10 s" in result.drills[0].why[0]


@pytest.mark.parametrize(
    ("before_s", "waited_s", "verdict"),
    [(0.6, 0.6, Verdict.FAILED), (0.75, 0.75, Verdict.INCONCLUSIVE), (0.2, 0.6, Verdict.INCONCLUSIVE)],
)
def test_starved_run_is_no_evidence_against_the_runbook(
    tmp_path: Path, before_s: float, waited_s: float, verdict: Verdict
) -> None:
    """The pressure of the whole machine, which a process of lower priority raises, decides nothing."""
    world = World(tmp_path, incident, heals=False)

    def at(_: float) -> None:
        waits_s = waited_s if world.executed else before_s
        sample = HostSampled(
            seconds=1.0, waited_s=9.0, slowest="web", slowest_ran_s=0.2, slowest_waited_s=waits_s, pressure_share=1.0
        )
        world.journal.write(sample)

    world.at = at
    result = world.run()
    assert result.verdict is verdict
    starved = any("`web` waited for a processor for" in why for why in result.drills[0].why)
    assert starved == (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(("starved_s", "verdict"), [(18.0, Verdict.INCONCLUSIVE), (0.0, Verdict.FAILED)])
def test_slos_that_are_broken_only_while_the_machine_starves_the_run_are_no_evidence(
    tmp_path: Path, starved_s: float, verdict: Verdict
) -> None:
    """All requests fail in the first 18 s of the recovery, then a few more than the objective allows."""
    world = World(tmp_path, lambda side, since, healed: 0.0, heals=False)
    recovery_s: list[float] = []

    def bad(side: str, since: float | None, healed: bool) -> float:
        late = bool(recovery_s) and world.now - recovery_s[0] > 18
        return 0.0 if since is None else 0.012 if late and side == TREATMENT else 0.9

    def at(passed: float) -> None:
        if world.executed and not recovery_s:
            recovery_s.append(world.now)
        waits = bool(recovery_s) and world.now - recovery_s[0] <= starved_s
        world.journal.write(HostSampled(seconds=1.0, slowest="web", slowest_ran_s=0.1, slowest_waited_s=0.85 * waits))

    world.bad, world.at = bad, at
    (drill,) = world.run().drills
    assert drill.verdict is verdict, drill.why
    assert any("`web` waited for a processor for" in why for why in drill.why) == bool(starved_s)


@dataclass
class Slow(World):
    """A machine on which a process of the run waits for a processor for some seconds in each second."""

    waited_s: float = 0.0

    def second(self) -> None:
        super().second()
        self.journal.write(HostSampled(seconds=1.0, slowest="web", slowest_ran_s=0.2, slowest_waited_s=self.waited_s))


RESET = replace(ran("read", "kubectl exec web-1 -- curl localhost", 1), stderr="curl: (56) Recv failure: reset by peer")
NO_SUCH = replace(ran("read", "kubectl logs nosuch", 1), stderr='Error from server (NotFound): pods "nosuch" not found')
HEALS = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))


@pytest.mark.parametrize(
    ("step", "waited_s", "verdict"),
    [
        (RESET, 0.5, Verdict.INCONCLUSIVE),
        (RESET, 0.3, Verdict.FAILED),
        (NO_SUCH, 0.5, Verdict.FAILED),
        (replace(HEALS, timed_out=True), 0.5, Verdict.INCONCLUSIVE),
    ],
)
def test_step_without_an_answer_is_no_evidence_where_the_machine_is_too_slow(
    tmp_path: Path, step: StepFacts, waited_s: float, verdict: Verdict
) -> None:
    (drill,) = Slow(tmp_path, incident, steps=(HEALS, step), waited_s=waited_s).run().drills
    assert drill.verdict is verdict, drill.why
    assert drill.steps[1].verdict == "failed"
    assert any("but `web` waited for a processor for" in why for why in drill.why) == (verdict is Verdict.INCONCLUSIVE)


def test_requests_that_fail_at_once_are_no_latency_symptom(tmp_path: Path) -> None:
    symptoms = (("errors", "error_rate(gateway) > 5%"), ("slow", "p95(gateway) > 500ms"))
    result = World(tmp_path, incident, symptoms=symptoms, over_ms=500).run()
    assert [symptom.seen for symptom in result.drills[0].symptoms] == [True, False]


def test_seconds_without_data_do_not_count_as_recovery(tmp_path: Path) -> None:
    """The onset takes 20 s; then two good seconds and a generator that falls behind are not twenty."""

    def bad(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None or healed or since < 18 else 0.5

    world = World(tmp_path, bad, rate=600, known=VifEstimate(1.3, 40.0))
    well: list[float] = []

    def behind(passed: float) -> None:
        if world.healed:
            well.append(passed)
        world.late_from_response = 600 if well and passed > well[0] + 2 else 0

    world.at = behind
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    (why,) = result.drills[0].why[:1]
    assert why.startswith("the SLOs held for the last 3 s with data, but a recovery must last 20 s: as long as ")
    assert "; treatment: the load generator fell behind in 10 of 10 s (gateway): no data there" in why


def test_dashboard_names_the_near_miss_and_judges_an_expression_as_a_whole(tmp_path: Path) -> None:
    names = {"drops": "drops", "limit": "moves / limit", "moves": "moves / limit", "flat": "flat"}
    boards = tuple(DashboardPlan(40, f"Prometheus: `{text}`", "Prometheus", name) for name, text in names.items())
    world = World(tmp_path, incident, dashboards=boards)

    def sampled(passed: float) -> None:
        values = {"family(flat)": {"p": 1.0}, "family(limit)": {"p": 1.0}, "family(moves)": {"p": passed}}
        world.record(ProbeSampled(side=TREATMENT, values={**values, "family(drops_total)": {"p": 1.0}}))

    world.at = sampled
    found = world.run().drills[0].dashboards
    assert [board.verdict for board in found] == ["failed", "ok", "ok", "failed"]
    assert found[0].why == "no pod exports a metric of this name; `drops_total` is exported: is that meant?"


def test_baseline_lasts_as_long_as_it_must(tmp_path: Path) -> None:
    """Also if it is decided earlier, and beyond its limit."""
    for steady_s in (5.0, 30.0, 80.0):
        folder = tmp_path / f"{steady_s:g}"
        folder.mkdir()
        result = World(folder, incident, limits=Limits(steady_s=steady_s)).run()
        seconds = {each.phase: each.seconds for each in result.drills[0].phases}
        decided_s = 12
        assert seconds["baseline"] == pytest.approx(max(decided_s, steady_s), abs=1.5)
        assert result.verdict is Verdict.PASSED


def test_baseline_that_is_not_met_does_not_wait_for_longer_than_it_must(tmp_path: Path) -> None:
    result = World(tmp_path, lambda side, since, healed: 0.5, limits=Limits(steady_s=30.0)).run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert [each.phase for each in result.drills[0].phases] == ["prepare", "baseline"]
    assert result.drills[0].phases[1].seconds == pytest.approx(30, abs=1.5)
