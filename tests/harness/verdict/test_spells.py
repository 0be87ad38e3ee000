"""Healthy spells: the same as by trying every stretch, for arrivals and for samples."""

from hypothesis import given
from hypothesis import strategies as st

from harness.conditions import parse
from harness.record.event import CONTROL
from harness.record.events import LoadCounted, LoadSlice, ProbeSampled
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.spells import Spells, spells
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window

N = 16
THETA = 0.25


def _of_bad(bad: list[int]) -> Spells:
    """The spells of an error rate of at most a quarter, in slices of 16 arrivals with these numbers of bad ones."""
    timeline = Timeline()
    slices = tuple(
        LoadSlice("web", at * SLICE_S, N, N - count, {"http_503": count} if count else {})
        for at, count in enumerate(bad)
    )
    timeline.add(LoadCounted(side=CONTROL, until_s=len(bad) * SLICE_S, slices=slices))
    question = Question(parse("error_rate(web) < 25%"), TestParameters(0.01))
    return spells(question, Window(timeline, 0.0, len(bad) * SLICE_S))


def _by_trying(bad: list[int]) -> Spells:
    def healthy(begin: int, end: int) -> bool:
        return sum(bad[begin:end]) <= THETA * N * (end - begin)

    ends = range(1, len(bad) + 1)
    longest = max((end - begin for end in ends for begin in range(end) if healthy(begin, end)), default=0)
    last = max((len(bad) - begin for begin in range(len(bad)) if healthy(begin, len(bad))), default=0)
    return Spells(longest * SLICE_S, last * SLICE_S)


@given(st.lists(st.integers(0, N), max_size=30))
def test_spells_are_those_found_by_trying_every_stretch(bad: list[int]) -> None:
    assert _of_bad(bad) == _by_trying(bad)


def test_spells_of_samples_are_runs_that_meet_the_objective() -> None:
    timeline = Timeline()
    for second, value in enumerate([1, 1, 9, 1, 1, 1, 9, 1]):
        timeline.add(
            ProbeSampled(side=CONTROL, t_s=second + 0.5, values={"metric(web, fill)": {"web-0": float(value)}})
        )
    question = Question(parse("metric(web, fill) < 5"), TestParameters(0.01))
    assert spells(question, Window(timeline, 0.0, 8.0)) == Spells(longest_s=3.0, last_s=1.0)
