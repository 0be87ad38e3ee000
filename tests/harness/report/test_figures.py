"""The check of related figures: a true result has no contradiction, and every contradiction is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from harness.app import render
from harness.conditions import parse
from harness.report.format import show_estimate, show_evidence
from harness.verdict.measurement import Measurement
from tests.support.figures import FORMATS, problems
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import MANUAL, SCALE

Drill = dict[str, Any]


@pytest.fixture(scope="module")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A passed drill with a step for a person, in every format."""
    result = World(tmp_path_factory.mktemp("run"), incident, steps=(SCALE, MANUAL)).run()
    return {name: render(result, name) for name in FORMATS}


def test_true_result_has_no_contradiction(renderings: dict[str, str]) -> None:
    assert problems(renderings) == []


CONTRADICTIONS: dict[str, Callable[[Drill], object]] = {
    "recover_s 29.41 is not in": lambda drill: drill.update(recover_s=29.41),
    "onset_interval_s [0.25, 0.25] has no width": lambda drill: drill.update(onset_interval_s=[0.25, 0.25]),
    "onset_interval_s [0.1, 4.1] ends after detect_s": lambda drill: drill.update(onset_interval_s=[0.1, 4.1]),
    "detect_s 18.4, but the first symptom": lambda drill: drill.update(detect_s=18.4),
    "without an interval, or before": lambda drill: drill.update(recover_interval_s=None),
    "phase symptoms: -1 s": lambda drill: drill["phases"][3].update(seconds=-1),
    "interval [0.0, 0.0] has no width": lambda drill: drill["slos"][0]["before"].update(interval=[0.0, 0.0]),
    "value 0.5 is not in": lambda drill: drill["slos"][0]["before"].update(value=0.5),
    "an interval without its α": lambda drill: drill["slos"][0]["after"].update(alpha=None),
    "samples / VIF": lambda drill: drill["slos"][0]["during"].update(samples=7),
    "during: 0.25 s only": lambda drill: drill["slos"][0]["during"].update(seconds=0.25),
    "spent 9 is not in": lambda drill: drill["slos"][0]["budget"].update(spent=9),
    "moved from 0.5 to 0.5": lambda drill: drill["steps"][0].update(
        slis=[{"slo": "availability", "bad_before": 0.5, "bad_after": 0.5, "moved": True}]
    ),
    "1 steps for a person, but the reasons are": lambda drill: drill.update(why=["all steps succeeded"]),
    "passed, but not reverted": lambda drill: drill.update(reverted=False),
    "passed, but not controlled": lambda drill: drill.update(controlled=False),
}


@pytest.mark.parametrize("found", CONTRADICTIONS)
def test_contradiction_in_the_json_is_found(renderings: dict[str, str], found: str) -> None:
    whole = json.loads(renderings["json"])
    CONTRADICTIONS[found](whole["drills"][0])
    assert any(found in problem for problem in problems({"json": json.dumps(whole)}))


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        ("junit", 'failures="0"', 'failures="1"', "junit: gameday: failures is 1, there are 0"),
        ("junit", "n 200", "n 199", "junit: WEB: no `200`"),
        (
            "junit",
            '<testcase name="WEB [f] slo',
            '<testcase name="a"/><testcase name="WEB [f] slo',
            "junit: WEB: 6 cases",
        ),
        ("junit", "WEB [f] slo", "WEB slo", "junit: WEB: WEB slo: availability does not begin with WEB [f] "),
        (
            "junit",
            'name="alpha" value="0.01"',
            'name="alpha" value="0.05"',
            "junit: WEB: property alpha is 0.05, not 0.01",
        ),
        ("markdown", "✅ passed", "❌ failed", "markdown: WEB: not passed"),
        ("markdown", "1.5 s", "2.5 s", "markdown: WEB: no `1.5`"),
        ("text", "PASSED", "FAILED", "text: WEB: not passed"),
        ("text", "n 200", "n 199", "text: WEB: no `200`"),
    ],
)
def test_contradiction_between_renderings_is_found(
    renderings: dict[str, str], name: str, old: str, new: str, found: str
) -> None:
    assert old in renderings[name]
    changed = {**renderings, name: re.sub(re.escape(old), new, renderings[name])}
    assert found in problems(changed)


@pytest.mark.parametrize(
    ("value", "interval", "objective", "shown"),
    [
        (0.02, (0.01, 0.04), "error_rate(web) < 5%", "2 % [1, 4]"),
        (0.0, (0.0, 0.021), "error_rate(web) < 5%", "0 % (≤ 2.1)"),
        (1.0, (0.992, 1.0), "availability(web) > 99%", "100 % (≥ 99.2)"),
        (0.5, (0.0, 1.0), "error_rate(web) < 5%", "50 %"),
        (412.0, (398.0, None), "p95(web) < 500ms", "412 ms (≥ 398)"),
        (412.0, (398.0, 430.2), "p95(web) < 500ms", "412 ms [398, 430]"),
        (0.31, (0.3, 0.32), "p95(web) < 500ms", "0.31 ms [0.30, 0.32]"),
        (0.99301, (0.993, 0.99302), "availability(web) > 99%", "99.301 % [99.3, 99.302]"),
    ],
)
def test_only_the_limits_of_an_interval_are_shown_and_they_differ(
    value: float, interval: tuple[float, float | None], objective: str, shown: str
) -> None:
    found = Measurement(None, value, 10, effective=7.0, interval=interval, alpha=(0.01, 0.01))
    assert show_estimate(found, parse(objective).unit) == shown
    assert show_evidence(found) == "n 10 (7 effective)"


@pytest.mark.parametrize(
    ("samples", "shown"), [((0.0, 0.0), "0 %, 18 samples"), ((0.0, 0.02), "0 % (range 0–2), 18 samples")]
)
def test_samples_of_a_probe_have_a_range_and_no_interval(samples: tuple[float, float], shown: str) -> None:
    found = Measurement(True, 0.0, 18, counted="samples", range=samples)
    assert f"{show_estimate(found, 'ratio')}, {show_evidence(found)}" == shown
