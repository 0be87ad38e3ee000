"""Simulated drills on a machine that keeps a processor from the treatment's services: no evidence of harm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.record.event import TREATMENT
from harness.record.events import DrillStarted, HostSampled
from harness.stats.inflation import ENOUGH_S, VifEstimate
from harness.verdict.result import Verdict
from tests.support.simulated_drill import World, incident

WARM = VifEstimate(1.3, ENOUGH_S)
LASTS_S = 25.0
"""Seconds for which a recovery lasts before it ends again."""


@dataclass
class Starved(World):
    """A machine on which a process of the run waits for a processor, from the response on, for some seconds in each."""

    waited_s: float = 0.0

    def second(self) -> None:
        super().second()
        waits_s = self.waited_s if self.responded else 0.0
        self.journal.write(HostSampled(seconds=1.0, slowest="web", slowest_ran_s=0.1, slowest_waited_s=waits_s))

    def _header(self) -> DrillStarted:
        """Certainty that takes longer to reach than a recovery, so that the recovery can end before."""
        return replace(super()._header(), credit_alpha=0.001)


@pytest.mark.parametrize(("waited_s", "verdict"), [(0.6, Verdict.FAILED), (0.85, Verdict.INCONCLUSIVE)])
def test_an_outage_of_starved_services_is_no_harm_of_the_response(
    tmp_path: Path, waited_s: float, verdict: Verdict
) -> None:
    """A control beside it, which answers, may just have less to do."""

    def available(side: str, responding_s: float | None) -> Mapping[str, Sequence[bool]]:
        return {"shop": [side != TREATMENT or responding_s is None or not 2 <= responding_s < 12]}

    (drill,) = Starved(tmp_path, incident, known=WARM, available=available, waited_s=waited_s).run().drills
    assert drill.verdict is verdict
    assert "made deployment/shop unavailable for 9 s" in drill.why[0]
    assert ("; but `web` waited for a processor for" in drill.why[0]) == (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(("waited_s", "verdict"), [(0.3, Verdict.FAILED), (0.85, Verdict.INCONCLUSIVE)])
def test_a_recovery_that_ends_when_the_machine_starves_the_services_is_no_failure(
    tmp_path: Path, waited_s: float, verdict: Verdict
) -> None:
    world = Starved(tmp_path, incident, known=WARM, waited_s=waited_s)

    def bad(side: str, since: float | None, healed: bool) -> float:
        lasts = world.healed_at is not None and world.now - world.healed_at < LASTS_S
        return 0.0 if since is None or (healed and lasts) else 0.5

    world.bad = bad
    (drill,) = world.run().drills
    assert drill.verdict is verdict
    assert drill.why[0].startswith("the SLOs recovered and broke again while the fault was still active: availability")
    assert ("; but `web` waited for a processor for" in drill.why[0]) == (verdict is Verdict.INCONCLUSIVE)
