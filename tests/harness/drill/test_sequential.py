"""Drills with a sequential control: the fault without a response first, then with one, on one platform."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.app import ReportRequest, render, report
from harness.errors import PlatformError
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import ControlPlanned, FaultChecked, HostSampled
from harness.record.header import SloPlan
from harness.record.journal import read_events
from harness.report.json_report import to_json
from harness.stats.inflation import ENOUGH_S, VifEstimate
from harness.verdict.charts import Charts
from harness.verdict.result import DrillResult, Verdict
from tests.support.simulated_drill import World, incident, ran

WARM = VifEstimate(1.3, ENOUGH_S)
WHY = "the database exists once"
Law = Callable[[str, float | None, bool], float]


def world_of(folder: Path, law: Law = incident, observe_s: float = 40.0, **changes: object) -> World:
    """A drill whose control is observed for so long; the VIF is known, so that decisions come early."""
    plan = ControlPlanned(why=WHY, observe_s=observe_s)
    return World(folder, law, known=WARM, sequential=plan, **changes)  # type: ignore[arg-type]


def drill_of(folder: Path, law: Law = incident, observe_s: float = 40.0, **changes: object) -> DrillResult:
    (drill,) = world_of(folder, law, observe_s, **changes).run().drills
    return drill


def until(treatment_s: float, control_s: float, bad: float = 0.5) -> Law:
    """Some requests fail until an age of the incident on each side; the response has no effect."""

    def law(side: str, since: float | None, _: bool) -> float:
        return bad if since is not None and since < (treatment_s if side == TREATMENT else control_s) else 0.0

    return law


def slow_remedy(steps: int) -> tuple[object, ...]:
    """Looks of one second each, and then the remedy."""
    change = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))
    return (*[replace(ran("read", "kubectl get pods"), stdout="web-0")] * steps, change)


@dataclass
class Late(World):
    """A remedy that works when all steps have been executed."""

    def second(self) -> None:
        if self.executed < len(self.steps):
            self.healed = False
        super().second()


def test_runbook_that_restores_the_slos_passes_on_one_platform(tmp_path: Path) -> None:
    world, at_once = world_of(tmp_path), set[int]()
    world.at = lambda _: at_once.add(len(world.live))
    result = world.run()
    (drill,) = result.drills
    assert (result.verdict, drill.controlled) == (Verdict.PASSED, True), drill.why
    assert at_once == {1}
    assert "in the control run, which ran before the treatment on the same platform" in drill.why[0]
    assert [phase.phase for phase in drill.phases][:6] == [
        "control-prepare", "control-baseline", "control-fault", "control-incident", "control-revert", "prepare"
    ]  # fmt: skip
    assert (drill.reverted, drill.control_reverted) == (True, True)


def test_credit_is_that_of_a_control_beside_the_treatment(tmp_path: Path) -> None:
    """Each rule compares ages, so the run of a control counts as though it had been at the same time."""
    drills = list[DrillResult]()
    for name, changes in (("one", {"sequential": ControlPlanned(why=WHY, observe_s=60.0)}), ("two", {})):
        (tmp_path / name).mkdir()
        world = World(tmp_path / name, incident, known=WARM, **changes)  # type: ignore[arg-type]
        drills += world.run().drills
    one, two = (drill.credit for drill in drills)
    assert one is not None
    assert two is not None
    assert one.control_age_s == pytest.approx(two.control_age_s, abs=1), "events of one second come in another order"
    assert replace(one, control_age_s=two.control_age_s, alpha=two.alpha) == two
    assert drills[0].times == drills[1].times


def test_every_report_says_that_the_control_was_sequential(tmp_path: Path) -> None:
    result = world_of(tmp_path).run()
    said = f"sequential, on the same platform before the treatment, observed for 40 s: {WHY}"
    for form in ("text", "markdown", "junit", "html"):
        assert said in re.sub(r"\s+", " ", render(result, form)), form
    assert f'"why": "{WHY}"' in render(result, "json")


def test_record_gives_the_same_result_again(tmp_path: Path) -> None:
    first = world_of(tmp_path).run()
    assert to_json(report(ReportRequest(tmp_path))) == to_json(first)


@pytest.mark.parametrize("later_s", [2, 12])
def test_control_that_healed_by_itself_takes_the_credit_away(tmp_path: Path, later_s: float) -> None:
    drill = drill_of(tmp_path, until(14, 14 + later_s))
    assert (drill.verdict, drill.controlled) == (Verdict.INCONCLUSIVE, False)
    assert "self-healed" in drill.why[0]


def test_control_that_healed_much_later_does_not(tmp_path: Path) -> None:
    def law(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if healed or since is None or since > 50 else 0.5

    drill = drill_of(tmp_path, law, observe_s=60)
    assert drill.verdict is Verdict.PASSED, drill.why
    assert drill.credit is not None
    assert drill.credit.control_age_s < 50


def test_response_that_changes_nothing_gets_no_credit(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, until(5, 1000), steps=slow_remedy(6)[:-1])
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "no step had changed anything" in drill.why[0]


def test_control_that_was_observed_too_briefly_says_how_long_would_have_sufficed(tmp_path: Path) -> None:
    first = drill_of(tmp_path, observe_s=6)
    assert first.verdict is Verdict.INCONCLUSIVE
    assert first.why[0] == (
        "not controlled: the control was observed for 6 s, and a recovery 3 s after the fault takes 23 s: "
        "set `observe_s: 23` under `control`, or --observe 23"
    )
    assert first.cause.startswith("not controlled: the control was observed for 6 s")
    (control,) = [phase for phase in first.phases if phase.phase == "control"]
    assert (control.seconds, control.answer) == (0.0, False), "more cannot be observed"
    (tmp_path / "again").mkdir()
    assert drill_of(tmp_path / "again", observe_s=23).verdict is Verdict.PASSED


def test_later_recovery_needs_a_longer_observation(tmp_path: Path) -> None:
    plan = ControlPlanned(why=WHY, observe_s=40)
    (late,) = Late(tmp_path, incident, known=WARM, sequential=plan, steps=slow_remedy(25)).run().drills  # type: ignore[arg-type]
    assert late.credit is not None
    assert late.control_needed_s is not None
    assert late.control_needed_s >= 2 * late.credit.age_s > 50
    assert f"takes {-(-late.control_needed_s // 1):.0f} s" in late.why[0]


def test_fault_that_breaks_nothing_without_a_response_is_not_tried_with_one(tmp_path: Path) -> None:
    world = world_of(tmp_path, lambda side, since, healed: 0.0)
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.why == ("the fault broke no SLO on the control, so there was nothing to restore",)
    assert "availability 100 %" in drill.cause
    assert (world.responded, world.applied) == (False, {})


def test_no_treatment_where_the_control_was_not_reverted(tmp_path: Path) -> None:
    """Although the SLOs hold, because the incident ended by itself in the same second."""
    world = world_of(tmp_path, until(1000, 41), control_revert_error=PlatformError("it is stuck"))
    (drill,) = world.run().drills
    assert (drill.verdict, world.responded) == (Verdict.INCONCLUSIVE, False)
    assert drill.why[0] == "the fault was not reverted on the control: it is stuck"


@pytest.mark.parametrize(("lasts_s", "answered"), [(30.0, True), (1000.0, False)])
def test_treatment_waits_until_what_the_first_fault_left_behind_has_passed(
    tmp_path: Path, lasts_s: float, answered: bool
) -> None:
    world, reverted_s = world_of(tmp_path), list[float]()

    def bad(side: str, since: float | None, healed: bool) -> float:
        if side == TREATMENT and not reverted_s:
            reverted_s.append(world.now)
        left = side == TREATMENT and world.now - reverted_s[0] < lasts_s
        return 0.3 if left else incident(side, since, healed)

    world.bad = bad
    (drill,) = world.run().drills
    assert (drill.verdict is Verdict.PASSED, world.responded) == (answered, answered), drill.why
    if not answered:
        assert drill.why[0].startswith("baseline not met after the run of the control: availability 70 %")
        assert "availability 70 % before the fault" in drill.cause
        assert world.applied == {}


@pytest.mark.parametrize("side", [CONTROL, TREATMENT])
def test_each_side_needs_a_baseline_of_its_own(tmp_path: Path, side: str) -> None:
    """What the first fault left behind breaks the baseline of the treatment."""
    world = world_of(tmp_path, lambda at, since, healed: 0.2 if at == side else incident(at, since, healed))
    (drill,) = world.run().drills
    assert (drill.verdict, world.responded) == (Verdict.INCONCLUSIVE, False)
    where = ": control:" if side == CONTROL else " after the run of the control:"
    assert drill.why[0].startswith(f"baseline not met{where} availability 80 %")
    assert (TREATMENT in world.applied, world.fault_at is None) == (False, side == CONTROL)


def test_busy_machine_during_the_control_gives_no_credit(tmp_path: Path) -> None:
    world = world_of(tmp_path)

    def at(_: float) -> None:
        waits = CONTROL in world.applied
        world.journal.write(HostSampled(seconds=1.0, slowest="web", slowest_ran_s=0.1, slowest_waited_s=0.85 * waits))

    world.at = at
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.why[0].startswith("the control may have stayed broken because of the machine: `web` waited for a")
    assert "during its incident" in drill.why[0]


def test_fault_that_ended_by_itself_on_the_control_gives_no_credit(tmp_path: Path) -> None:
    world = world_of(tmp_path)

    def check(_: float) -> None:
        if CONTROL in world.applied:
            world.record(FaultChecked(side=CONTROL, text="f", state="ended", why="its duration is over"))

    world.at = check
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.why[0] == "the fault ended by itself on the control: f: its duration is over"


def test_recovery_outlasts_an_onset_that_only_the_control_shows(tmp_path: Path) -> None:
    """Without a response, another SLO breaks 25 s after the fault."""

    def law(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if healed or since is None else 0.9 if since > 22 else 0.5

    worse = SloPlan("worst case", "error_rate(gateway) < 75%", 3600.0, known_vif=1.3, known_vif_s=ENOUGH_S)
    plan = ControlPlanned(why=WHY, observe_s=60.0)
    late = Late(tmp_path, law, known=WARM, sequential=plan, steps=slow_remedy(8), more_slos=(worse,))  # type: ignore[arg-type]
    (drill,) = late.run().drills
    assert drill.verdict is Verdict.PASSED, drill.why
    assert drill.credit is not None
    assert drill.credit.age_s < 14
    assert drill.credit.lasted_s >= 22


@pytest.mark.parametrize(("waited_s", "verdict"), [(0.3, Verdict.FAILED), (0.6, Verdict.INCONCLUSIVE)])
def test_service_that_the_response_takes_down_fails(tmp_path: Path, waited_s: float, verdict: Verdict) -> None:
    """The other service's health on the control, which ran before, shows that it was the response, unless the machine
    was busy only later."""

    def available(side: str, responding: float | None) -> Mapping[str, list[bool]]:
        return {"shop": [responding is None or responding < 2]}

    def at(_: float) -> None:
        waits_s = waited_s if TREATMENT in world.applied else 0.0
        world.journal.write(HostSampled(seconds=1.0, slowest="web", slowest_ran_s=0.1, slowest_waited_s=waits_s))

    world = world_of(tmp_path, available=available)
    world.at = at
    (drill,) = world.run().drills
    assert drill.verdict is verdict
    assert "made deployment/shop unavailable" in drill.why[0]
    assert ("but `web` waited for a processor" in drill.why[0]) == (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("after_s", [3.0, 12.0, 47.0, 53.0, 65.0])
def test_interruption_reverts_the_fault_on_whichever_side_has_it(tmp_path: Path, after_s: float) -> None:
    world = world_of(tmp_path)
    world.at = lambda passed: world.stop.set() if passed >= after_s else None
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "interrupted before the end" in drill.why
    assert (world.applied, world.live) == ({}, set())


def test_revert_of_each_side_is_on_disk_before_its_fault(tmp_path: Path) -> None:
    world_of(tmp_path).run()
    lines = (tmp_path / "record.jsonl").read_text().split("\n")
    kinds = [
        kind for line in lines for kind in ("revert-armed", "fault-applied", "fault-reverted") if f'"{kind}"' in line
    ]
    assert kinds == ["revert-armed", "fault-applied", "fault-reverted"] * 2


def test_cut_record_is_inconclusive(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert world.run().verdict is Verdict.PASSED
    lines = world.journal.path.read_text().splitlines(keepends=True)
    for part in range(1, 8):
        world.journal.path.write_text("".join(lines[: len(lines) * part // 8]))
        (drill,) = report(ReportRequest(tmp_path)).drills
        assert drill.verdict is Verdict.INCONCLUSIVE
        assert "the record stops before the end of the drill" in drill.why


def test_control_is_planned_before_anything_of_it_happens(tmp_path: Path) -> None:
    world_of(tmp_path).run()
    names = [type(event).__name__ for event in read_events(tmp_path / "record.jsonl")]
    assert names[1:4] == ["DrillStarted", "ControlPlanned", "PhaseStarted"]


def test_arrivals_of_each_phase_are_those_of_the_side_that_is_up(tmp_path: Path) -> None:
    phases = {phase.phase: phase for phase in drill_of(tmp_path).phases}
    for name in ("control-baseline", "control-incident", "baseline", "recovery"):
        assert phases[name].arrivals == pytest.approx(100 * phases[name].seconds, abs=100), name


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Charts:
    return drill_of(tmp_path_factory.mktemp("drawn")).charts


def test_both_sides_are_drawn_from_their_own_fault_on(drawn: Charts) -> None:
    (bad,) = [chart for chart in drawn.charts if chart.title == "gateway: bad arrivals"]
    by_side = {line.side: dict(zip(bad.times_s, line.values, strict=True)) for line in bad.lines}
    before = [value for side in by_side.values() for at_s, value in side.items() if -4 < at_s < -1]
    assert set(before) == {0.0}
    assert {value for at_s, value in by_side[CONTROL].items() if 1 < at_s < 39} == {50.0}
    assert {value for at_s, value in by_side[TREATMENT].items() if 5 < at_s < 20} == {0.0}
    assert max(bad.times_s) >= 39, "the control was observed for longer than the treatment"


def test_what_was_measured_after_the_observation_is_not_drawn(tmp_path: Path) -> None:
    drawn = drill_of(tmp_path, observe_s=10).charts
    (bad,) = [chart for chart in drawn.charts if chart.title == "gateway: bad arrivals"]
    (control,) = [line for line in bad.lines if line.side == CONTROL]
    values = dict(zip(bad.times_s, control.values, strict=True))
    assert {value for at_s, value in values.items() if 1 < at_s < 10} == {50.0}
    assert {value for at_s, value in values.items() if at_s > 12} == {None}, "the treatment took longer"


def test_time_budget_has_the_phases_of_the_control(drawn: Charts) -> None:
    assert [phase.name for phase in drawn.phases if phase.end_s < 0][:2] == ["control-baseline", "control-incident"]
