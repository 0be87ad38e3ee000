"""Boundary values of every measure: each condition is decided by what was recorded, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.conditions import parse
from harness.errors import ConditionError
from harness.record.event import TREATMENT
from harness.record.events import LoadCounted, LoadSlice
from harness.stats.inflation import ENOUGH_S, MARGIN, VifEstimate
from harness.stats.sequential import SLICE_S, TestParameters
from harness.verdict.change import bounds, has_begun, since
from harness.verdict.measurement import measure
from harness.verdict.result import Verdict
from harness.verdict.timeline import Timeline
from harness.verdict.window import Question, Window
from tests.support.simulated_drill import World

T0 = 1_000_000.0
WARM = TestParameters(0.01, VifEstimate(MARGIN, ENOUGH_S))
OPERATORS = ("<", "<=", ">", ">=", "==", "!=")

NEVER, ALWAYS, RIGHT, REFUSED = "never true", "always true", "", "compared by"
FRACTIONS = {
    "-5%": (NEVER, NEVER, ALWAYS, ALWAYS),
    "0%": (NEVER, RIGHT, RIGHT, ALWAYS),
    "0.5%": (RIGHT, RIGHT, RIGHT, RIGHT),
    "100%": (RIGHT, ALWAYS, NEVER, RIGHT),
    "1": (RIGHT, ALWAYS, NEVER, RIGHT),
    "101%": (ALWAYS, ALWAYS, NEVER, NEVER),
}
NOT_NEGATIVE = {
    "-1": (NEVER, NEVER, ALWAYS, ALWAYS, NEVER, ALWAYS),
    "0": (NEVER, RIGHT, RIGHT, ALWAYS, RIGHT, RIGHT),
    "1000000000": (RIGHT,) * 6,
}
COUNTED = "no time span"
COUNTS = {
    "-1": (NEVER, NEVER, ALWAYS, ALWAYS, NEVER, ALWAYS),
    "0": (NEVER, RIGHT, RIGHT, ALWAYS, RIGHT, RIGHT),
    "0.5": (RIGHT, RIGHT, RIGHT, RIGHT, COUNTED, COUNTED),
    "1": (RIGHT, COUNTED, RIGHT, RIGHT, COUNTED, COUNTED),
    "5": (COUNTED, COUNTED, RIGHT, RIGHT, COUNTED, COUNTED),
}
EQUALITY = (REFUSED, REFUSED)


def table() -> list[tuple[str, str]]:
    """Every condition of the tables above, with the reason for which it is refused; "": it is accepted."""
    fractions = ("error_rate(web)", "error_rate(web, timeout)", "availability(web)", "status(web, 503)")
    rows = [(measure, limit, (*facts, *EQUALITY)) for measure in fractions for limit, facts in FRACTIONS.items()]
    growths = ("increase(web, hits)", "rate(web, hits)", 'logs(web, "x")', 'log_rate(web, "x")')
    rows += [(measure, limit, facts) for measure in growths for limit, facts in NOT_NEGATIVE.items()]
    rows += [("ratio(web, drops, sent)", f"{limit}%", facts) for limit, facts in NOT_NEGATIVE.items()]
    rows += [("quantile(0.5, web, latency)", f"{limit}ms", facts) for limit, facts in NOT_NEGATIVE.items()]
    rows += [("metric(web, fill)", limit, (RIGHT,) * 6) for limit in NOT_NEGATIVE]
    rows += [("count(web, timeout)", limit, facts) for limit, facts in COUNTS.items()]
    rows += [("p95(web)", limit, ("above 0",) * 4 + ("< or >",) * 2) for limit in ("0ms", "-1ms", "0s")]
    rows += [("p95(web)", "0.001ms", (RIGHT,) * 4 + ("< or >",) * 2)]
    return [
        (f"{measure} {op} {limit}", fact)
        for measure, limit, facts in rows
        for op, fact in zip(OPERATORS, facts, strict=True)
    ]


@pytest.mark.parametrize(("text", "fact"), table(), ids=lambda value: value.replace(" ", ""))
def test_condition_at_a_boundary_is_accepted_or_refused_with_the_reason(text: str, fact: str) -> None:
    if fact:
        with pytest.raises(ConditionError, match=r"docs/reference/conditions\.md") as caught:
            parse(text)
        assert fact in str(caught.value)
    else:
        assert parse(text).text == text


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        *((f"metric(web, fill) > {limit}", "is not a number") for limit in ("nan", "inf", "-inf", "1e3")),
        (f"metric(web, fill) > {'9' * 400}", "too large"),
        *((f"p{percentile}(web) < 5ms", "between p0 and p100") for percentile in ("0", "100", "101", "99.99999999999")),
        *((f"p{percentile}(web) < 5ms", "between p0 and p100") for percentile in ("0.00000000001", "9" * 400)),
        *((f"quantile({q}, web, latency) < 5ms", "between 0 and 1") for q in ("0", "1", "-0.5", "nan", "inf", "95")),
        ("error_rate(web) > 0.00000000001%", "nine digits"),
        ("availability(web) >= 99.99999999999%", "nine digits"),
        ("status(web, teapot) > 1%", "not an HTTP status"),
        ("status(web, 50) > 1%", "not an HTTP status"),
    ],
)  # fmt: skip
def test_value_beyond_every_boundary_is_refused(text: str, fact: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert fact in str(caught.value)


def window(*stretches: tuple[float, int, int]) -> Window:
    """A window of stretches of (seconds, good, bad): so many arrivals in each slice."""
    timeline, at = Timeline(), T0
    for seconds, good, bad in stretches:
        for _ in range(round(seconds / SLICE_S)):
            part = LoadSlice("web", at, good + bad, good, {"timeout": bad})
            at += SLICE_S
            timeline.add(LoadCounted(side=TREATMENT, until_s=at + 0.5, slices=(part,)))
    return Window(timeline, T0, timeline.frontier)


CLEAN, ONE_BAD, MIXED, ALL_BAD, ONE_GOOD = (20, 25, 0), (0.25, 24, 1), (5, 20, 5), (20, 0, 25), (0.25, 1, 24)


@pytest.mark.parametrize(
    ("some", "every"),
    [
        ("error_rate(web) > 0%", "error_rate(web) >= 100%"),
        ("error_rate(web, timeout) > 0%", "error_rate(web, timeout) >= 100%"),
        ("availability(web) < 100%", "availability(web) <= 0%"),
    ],
)
def test_symptom_some_bad_and_symptom_all_bad(some: str, every: str) -> None:
    """One bad arrival decides for "some", one good one against "all", which needs 44 bad ones without a good one."""

    def seen(text: str, *stretches: tuple[float, int, int]) -> tuple[bool, bool | None]:
        question = Question(parse(text), TestParameters(0.01, alarm=True))
        return has_begun(question, window(*stretches)), measure(question, window(*stretches)).holds

    assert seen(some, CLEAN) == (False, False)
    assert seen(some, CLEAN, ONE_BAD) == (True, True)
    assert seen(some, ALL_BAD) == (True, True)
    assert seen(every, ALL_BAD) == (True, True)
    assert seen(every, CLEAN, (1.25, 0, 25)) == (True, False), "since the last good arrival"
    assert seen(every, CLEAN, (0.25, 0, 25)) == (False, False), "25 bad arrivals in a row"
    assert seen(every, (0.25, 0, 25)) == (False, None)
    assert seen(every, ALL_BAD, ONE_GOOD) == (False, False)
    assert seen(every, MIXED) == (False, False)
    assert seen(some, (5, 0, 0)) == seen(every, (5, 0, 0)) == (False, None), "no arrivals"


@pytest.mark.parametrize(
    ("none", "not_all"),
    [
        ("error_rate(web) <= 0%", "error_rate(web) < 100%"),
        ("availability(web) >= 100%", "availability(web) > 0%"),
    ],
)
def test_objective_none_bad_and_objective_not_all_bad(none: str, not_all: str) -> None:
    def known(text: str, *stretches: tuple[float, int, int]) -> tuple[float | None, float | None]:
        """Since when it is known to hold, and not to hold, in seconds."""
        question = Question(parse(text), WARM)
        found = [since(question, window(*stretches), holds=holds) for holds in (True, False)]
        return tuple(None if at is None else at - T0 for at in found)  # type: ignore[return-value]

    assert known(none, CLEAN) == (0, None)
    assert known(none, MIXED, CLEAN) == (5, None)
    assert known(none, CLEAN, ONE_BAD) == (None, 20)
    assert known(none, CLEAN, ONE_BAD, (0.25, 25, 0)) == (None, 20), "25 good arrivals since the bad one"
    assert known(not_all, CLEAN) == (0, None)
    assert known(not_all, ALL_BAD) == (None, 0)
    assert known(not_all, CLEAN, ALL_BAD) == (None, 20)
    assert known(not_all, ALL_BAD, ONE_GOOD) == (20, None)


@pytest.mark.parametrize("text", ["error_rate(web) <= 0%", "error_rate(web) < 100%", "availability(web) >= 100%"])
def test_interval_of_a_recovery_at_a_boundary_contains_it(text: str) -> None:
    found = window(ALL_BAD, CLEAN)
    change = since(Question(parse(text), WARM), found)
    assert change == T0 + 20
    earliest, latest = bounds(Question(parse(text), WARM), found, change)
    assert earliest <= T0 + 20 <= latest < T0 + 23


def test_kind_that_is_listed_twice_counts_once() -> None:
    found = measure(Question(parse("error_rate(web, timeout, timeout) > 5%"), WARM), window(ALL_BAD))
    assert (found.holds, found.value) == (True, 1.0)


def test_count_of_none_needs_arrivals_with_an_outcome() -> None:
    timeline, question = Timeline(), Question(parse("count(web, timeout) == 0"), WARM)
    for number in range(44):
        part = LoadSlice("web", T0 + number * SLICE_S, 25, 0)
        timeline.add(LoadCounted(side=TREATMENT, until_s=T0 + 20, slices=(part,)))
    assert measure(question, Window(timeline, T0, T0 + 10)).holds is None


@pytest.mark.parametrize(("text", "holds"), [("count(web, timeout) > 5", True), ("count(web, timeout) > 500", False)])
def test_count_above_a_number_is_counted_from_the_beginning_of_the_phase(text: str, holds: bool) -> None:
    question = Question(parse(text), TestParameters(0.01, alarm=True))
    assert measure(question, window(MIXED)).holds is holds
    assert has_begun(question, window(MIXED)) is holds


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("error_rate(gateway) >= 100%", 1.0),
        ("availability(gateway) <= 0%", 1.0),
        ("error_rate(gateway) > 0%", 1.0),
        ("error_rate(gateway) > 0%", 0.5),
        ("availability(gateway) < 100%", 0.5),
    ],
)
def test_drill_sees_a_symptom_at_a_boundary(tmp_path: Path, text: str, share: float) -> None:
    def bad(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None or healed else share

    (drill,) = World(tmp_path, bad, symptoms=(("symptom", text),)).run().drills
    assert drill.symptoms[0].seen
    assert drill.symptoms[0].seen_after_s is not None
    assert drill.symptoms[0].seen_after_s < 3
    assert (drill.verdict, drill.why[0].partition(",")[0]) == (Verdict.PASSED, "all symptoms observed")
