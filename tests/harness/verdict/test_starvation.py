"""Whether the machine kept a processor from the processes of a run."""

import pytest

from harness.record.events import HostSampled
from harness.verdict.starvation import starvation

BASELINE, BEGIN, END, LAST_S = (89.0, 99.0), 100.0, 160.0, 10.0


def _samples(early: dict[str, float], late: dict[str, float]) -> list[HostSampled]:
    """A sample every two seconds around and in the recovery: `early` before its last ten seconds, `late` from then."""
    times = range(90, 172, 2)
    return [
        HostSampled(t_s=float(t), seconds=2.0, slowest="fakes api", **(late if t > END - LAST_S else early))
        for t in times
    ]


FREE = {"slowest_ran_s": 0.3, "slowest_waited_s": 1.2}
BUSY = {"slowest_ran_s": 1.2, "slowest_waited_s": 0.8}
STARVED = {"slowest_ran_s": 0.4, "slowest_waited_s": 1.5}
SLOWED = {"slowest_ran_s": 0.16, "slowest_waited_s": 1.3}
CALM = {"slowest_ran_s": 0.12, "slowest_waited_s": 0.3}
STOPPED = "a CPU limit stopped gameday for 5.0 of 10 s in its last 10 s"


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], ""),
        (_samples({}, {}), ""),
        (_samples(FREE, FREE), ""),
        (_samples(BUSY, BUSY), ""),
        (_samples({**FREE, "pressure_share": 1.0}, {**FREE, "pressure_share": 1.0}), ""),
        (_samples({"ran_s": 1.0, "waited_s": 9.0}, {"ran_s": 1.0, "waited_s": 9.0}), ""),
        (
            _samples(STARVED, STARVED),
            "`fakes api` waited for a processor for 45.0 of 60.0 s and ran for 12.0 s during the recovery",
        ),
        (
            _samples(FREE, STARVED),
            "`fakes api` waited for a processor for 7.5 of 10.0 s and ran for 2.0 s in its last 10 s",
        ),
        (_samples({"throttled_s": 0.1}, {"throttled_s": 0.4}), ""),
        (_samples({"throttled_s": 0.1}, {"throttled_s": 1.0}), STOPPED),
    ],
)
def test_delay_of_a_process_that_cannot_keep_up_decides(samples: list[HostSampled], said: str) -> None:
    assert starvation(samples, BASELINE, BEGIN, END, LAST_S) == said


def test_burst_in_less_than_half_of_the_samples_does_not_count() -> None:
    samples = [sample for pair in zip(_samples(STARVED, STARVED), _samples(FREE, FREE), strict=True) for sample in pair]
    assert starvation(samples, BASELINE, BEGIN, END, LAST_S) == ""


def test_what_happens_before_and_after_the_recovery_does_not_count() -> None:
    outside = [sample for sample in _samples(STARVED, STARVED) if not BEGIN < sample.t_s <= END]
    assert outside
    assert starvation(outside, BASELINE, BEGIN, END, LAST_S) == ""


@pytest.mark.parametrize(
    ("baseline", "recovery", "said"),
    [
        (
            CALM,
            SLOWED,
            "`fakes api` waited for a processor for 39.0 of 60.0 s and ran for 4.8 s, "
            "more than 2 times as long as in the baseline, during the recovery",
        ),
        (FREE, SLOWED, ""),
        (CALM, {**CALM, "slowest_waited_s": 0.7}, ""),
        (SLOWED, CALM, ""),
    ],
)
def test_process_that_waits_much_longer_than_in_the_baseline_is_starved(
    baseline: dict[str, float], recovery: dict[str, float], said: str
) -> None:
    before = [sample for sample in _samples(baseline, baseline) if sample.t_s <= BASELINE[1]]
    after = [sample for sample in _samples(recovery, recovery) if sample.t_s > BASELINE[1]]
    assert starvation([*before, *after], BASELINE, BEGIN, END, LAST_S) == said


def test_without_a_sample_of_the_baseline_nothing_is_compared() -> None:
    after = [sample for sample in _samples(SLOWED, SLOWED) if sample.t_s > BASELINE[1]]
    assert starvation(after, BASELINE, BEGIN, END, LAST_S) == ""
