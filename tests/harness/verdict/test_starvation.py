"""Whether the machine kept a processor from the processes of a run."""

import pytest

from harness.record.events import HostSampled
from harness.verdict.starvation import starvation

BEGIN, END, LAST_S = 100.0, 160.0, 10.0


def _samples(early: dict[str, float], late: dict[str, float]) -> list[HostSampled]:
    """A sample every two seconds around and in the recovery: `early` before its last ten seconds, `late` from then."""
    times = [t for t in range(90, 172, 2)]
    return [HostSampled(t_s=float(t), seconds=2.0, **(late if t > END - LAST_S else early)) for t in times]


FREE, STARVED = {"ran_s": 2.0, "waited_s": 0.5}, {"ran_s": 1.0, "waited_s": 4.0}


STOPPED = "a CPU limit stopped gameday for 5.0 of 10 s in its last 10 s"


def _waited(when: str) -> str:
    return f"the run's processes waited for a processor in 80 % of the time in which they were ready to run {when}"


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], ""),
        (_samples({}, {}), ""),
        (_samples(FREE, FREE), ""),
        (_samples({**FREE, "pressure_share": 1.0}, {**FREE, "pressure_share": 1.0}), ""),
        (_samples({"ran_s": 0.0, "waited_s": 0.0}, {"ran_s": 0.0, "waited_s": 0.0}), ""),
        (_samples(STARVED, STARVED), _waited("during the recovery")),
        (_samples(FREE, STARVED), _waited("in its last 10 s")),
        (_samples({"throttled_s": 0.1}, {"throttled_s": 0.4}), ""),
        (_samples({"throttled_s": 0.1}, {"throttled_s": 1.0}), STOPPED),
    ],
)
def test_delay_of_the_runs_own_processes_decides(samples: list[HostSampled], said: str) -> None:
    assert starvation(samples, BEGIN, END, LAST_S) == said


def test_what_happens_before_and_after_the_recovery_does_not_count() -> None:
    outside = [sample for sample in _samples(STARVED, STARVED) if not BEGIN < sample.t_s <= END]
    assert outside
    assert starvation(outside, BEGIN, END, LAST_S) == ""
