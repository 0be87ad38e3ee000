"""Which recoveries are credited to the response, in simulated drills."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.drill import Limits
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import FaultChecked
from harness.stats.inflation import ENOUGH_S, VifEstimate
from harness.verdict.result import DrillResult, Verdict
from tests.support.simulated_drill import World, incident, ran

WARM = VifEstimate(1.3, ENOUGH_S)
Law = Callable[[str, float | None, bool], float]


def drill_of(folder: Path, law: Law, **changes: object) -> DrillResult:
    """The result of one drill whose bad fraction follows a law; the VIF is known, so that decisions come early."""
    (drill,) = World(folder, law, known=WARM, **changes).run().drills  # type: ignore[arg-type]
    return drill


def until(treatment_s: float, control_s: float) -> Law:
    """Half of the requests fail until an age of the incident on each side; the response has no effect."""

    def bad(side: str, since: float | None, _: bool) -> float:
        return 0.5 if since is not None and since < (treatment_s if side == TREATMENT else control_s) else 0.0

    return bad


def test_credit_is_stated_with_its_evidence(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, incident)
    assert drill.verdict is Verdict.PASSED
    assert drill.credit is not None
    assert 0 < drill.credit.alpha <= drill.credit_limit == 0.1
    assert drill.credit.window_s is not None
    assert 0 < drill.credit.window_s < drill.credit.age_s
    assert drill.credit.control_age_s >= 2 * drill.credit.age_s
    assert drill.credit.lasted_s >= 20
    assert "self-healing explains this with p <=" in drill.why[0]


@pytest.mark.parametrize("later_s", [2, 6, 12])
def test_control_that_heals_later_takes_the_credit_away(tmp_path: Path, later_s: float) -> None:
    drill = drill_of(tmp_path, until(14, 14 + later_s))
    assert (drill.verdict, drill.controlled) == (Verdict.INCONCLUSIVE, False)
    assert "self-healed" in drill.why[0]


def test_response_that_changes_nothing_gets_no_credit(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, incident, steps=(replace(ran("read", "kubectl get pods"), stdout="web-0"),))
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "no step had changed anything when the SLOs began to hold again" in drill.why[0]


def test_recovery_before_the_first_change_gets_no_credit(tmp_path: Path) -> None:
    look = replace(ran("read", "kubectl get pods"), stdout="web-0")
    change = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))
    drill = drill_of(tmp_path, until(4, 1000), steps=(*[look] * 6, change))
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "no step had changed anything when the SLOs began to hold again" in drill.why[0]


@pytest.mark.parametrize("fault_free_s", [4, 15])
def test_remedy_that_wears_off_fails(tmp_path: Path, fault_free_s: float) -> None:
    healed_at = list[float]()

    def bad(side: str, since: float | None, healed: bool) -> float:
        if since is None or (healed and (healed_at or healed_at.append(since) or healed_at) and
                             since - healed_at[0] < fault_free_s):  # fmt: skip
            return 0.0
        return 0.5

    drill = drill_of(tmp_path, bad)
    assert drill.verdict is Verdict.FAILED
    assert "did not recover" in drill.why[0]


def test_flapping_alike_on_both_sides_gets_no_credit(tmp_path: Path) -> None:
    def sawtooth(side: str, since: float | None, _: bool) -> float:
        phase_s = 7 if side == CONTROL else 0
        return 0.5 if since is not None and (since + phase_s) % 14 < 3 else 0.0

    assert drill_of(tmp_path, sawtooth).verdict is not Verdict.PASSED


@pytest.mark.parametrize("side", [TREATMENT, CONTROL])
def test_fault_that_ends_by_itself_gives_no_credit(tmp_path: Path, side: str) -> None:
    world = World(tmp_path, incident, known=WARM)

    def check(_: float) -> None:
        if world.healed and world.reverted_at is None:
            world.record(FaultChecked(side=side, text="f", state="ended", why="its duration is over"))  # type: ignore[arg-type]

    world.at = check
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.why[0] == f"the fault ended by itself on the {side}: f: its duration is over"


def test_service_left_at_twice_its_objective_fails(tmp_path: Path) -> None:
    def bad(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None else 0.02 if healed else 0.5

    drill = drill_of(tmp_path, bad)
    assert drill.verdict is Verdict.FAILED
    assert "the SLOs did not recover" in drill.why[0]


def test_recovery_goes_on_until_a_broken_objective_is_known(tmp_path: Path) -> None:
    def bad(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None else 0.015 if healed else 0.5

    drill = drill_of(tmp_path, bad, rate=65)
    (recovery,) = (phase for phase in drill.phases if phase.phase == "recovery")
    assert (drill.verdict, drill.why[0].split(":")[0]) == (Verdict.FAILED, "the SLOs did not recover")
    assert Limits().recovery_s < recovery.seconds < 2 * Limits().recovery_s


def test_errors_well_inside_the_objective_pass_after_an_announced_extension(tmp_path: Path) -> None:
    def bad(side: str, since: float | None, healed: bool) -> float:
        return 0.5 if since is not None and not healed else 0.005

    drill = drill_of(tmp_path, bad, rate=200)
    assert drill.verdict is Verdict.PASSED, drill.why
