"""For how long a recovery must last, in simulated drills whose SLOs recover at different times."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.drill import Limits
from harness.record.event import TREATMENT
from harness.record.header import SloPlan
from harness.stats.inflation import ENOUGH_S, VifEstimate
from harness.verdict.result import DrillResult, Verdict
from tests.support.simulated_drill import World, incident, ran

LOOK = replace(ran("read", "kubectl get pods"), stdout="NAME READY\nchat-1 0/1\n", stdout_bytes=23)
REMEDY = ran("change", "kubectl scale deployment chat --replicas=3", changed=("deployment/chat replicas 1 -> 3",))
CHAT = SloPlan("chat answers", "health(chat) == ok", 28 * 86400.0)


def drill_of(folder: Path, chat_s: float, limit_s: float) -> DrillResult:
    """A response of 40 s, whose last step is the remedy. Arrivals recover in its first second, chat after `chat_s`."""

    world = World(
        folder, incident, known=VifEstimate(1.3, ENOUGH_S), steps=(*[LOOK] * 39, REMEDY), more_slos=(CHAT,),
        limits=Limits(recovery_s=limit_s),
    )  # fmt: skip

    def available(side: str, responding_s: float | None) -> Mapping[str, Sequence[bool]]:
        healed = side == TREATMENT and responding_s is not None and responding_s >= chat_s
        return {"chat": (world.fault_at is None or world.reverted_at is not None or healed,)}

    world.available = available
    (drill,) = world.run().drills
    return drill


def test_recovery_is_extended_until_its_latest_slo_has_held_for_long_enough(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, chat_s=41, limit_s=25)
    assert (drill.verdict, drill.why[0][:42]) == (Verdict.PASSED, "all symptoms observed, all steps succeeded")
    recovery = next(phase for phase in drill.phases if phase.phase == "recovery")
    assert 25 < recovery.seconds < 50


def test_recovery_that_cannot_last_long_enough_within_the_limit_is_undecided(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, chat_s=41, limit_s=10)
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.why[0] == (
        "the SLOs held for the last 9 s with data, but a recovery must last 43 s: as long as the incident had lasted, "
        "and as its slowest onset took"
    )
