"""The sentence of cause of every kind of verdict, and that every report format shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.app import render
from harness.errors import PlatformError
from harness.record.event import CONTROL
from harness.record.events import DrillStarted, RunStarted
from harness.record.header import DashboardPlan, UnreadLine
from harness.record.journal import read_events
from harness.verdict.gameday import GamedayResult, judge_record
from harness.verdict.result import Verdict
from tests.support.figures import FORMATS, problems
from tests.support.simulated_drill import World, incident, ran
from tests.support.step_facts import GONE, MANUAL, SCALE

OBJECTIVE = "objective availability(gateway) >= 99%"
HELD = rf"; availability 100 % after the response ({OBJECTIVE}, n 2050)"
REFUSED = replace(GONE, ran=False, exit_status=None, refusals=("`rm` is not allowed",), text="rm -rf /", line=33)


def flapping(side: str, since: float | None, healed: bool) -> float:
    return 0.5 if since is not None and since < 15 else 0.0


def with_header(change: Callable[[DrillStarted], DrillStarted]) -> Callable[[World], GamedayResult]:
    """The result of a world that has run, judged with another header of its drill."""

    def run(world: World) -> GamedayResult:
        world.run()
        events = list(read_events(world.journal.path))
        return judge_record([change(event) if isinstance(event, DrillStarted) else event for event in events])

    return run


def cut_to(count: int) -> Callable[[World], GamedayResult]:
    def run(world: World) -> GamedayResult:
        world.run()
        return judge_record(list(read_events(world.journal.path))[:count])

    return run


def never_began(world: World) -> GamedayResult:
    world.run()
    header, *_ = read_events(world.journal.path)
    assert isinstance(header, RunStarted)
    return judge_record([header])


def without_load(world: World) -> GamedayResult:
    world.silent_from = 25.0
    return world.run()


def stopped(world: World) -> GamedayResult:
    world.at = lambda passed: world.stop.set() if passed >= 12 else None
    return world.run()


def broken_after_the_revert(world: World) -> GamedayResult:
    world.bad = lambda side, since, healed: 0.3 if world.reverted_at else incident(side, since, healed)
    return world.run()


def outage(side: str, responding: float | None) -> dict[str, tuple[bool, ...]]:
    return {"chat": (side == CONTROL or responding is None or not 1 <= responding < 12,)}


CASES: dict[str, tuple[dict[str, object], Callable[[World], GamedayResult], str]] = {
    "not recovered": (
        {"heals": False},
        World.run,
        f"the SLOs did not recover; availability 50 % after the response ({OBJECTIVE}, n 1000)",
    ),
    "not recovered, and a step failed": (
        {"heals": False, "steps": (SCALE, replace(GONE, line=31))},
        World.run,
        "the SLOs did not recover, and line 31: `kubectl get pods -n production` failed: kubectl get failed with exit "
        f"status 1; availability 50 % after the response ({OBJECTIVE}, n 1000)",
    ),
    "failed step": (
        {"steps": (SCALE, replace(GONE, line=31))},
        World.run,
        f"line 31: `kubectl get pods -n production` failed: kubectl get failed with exit status 1{HELD}",
    ),
    "refused step": (
        {"steps": (SCALE, REFUSED)},
        World.run,
        f"line 33: `rm -rf /` was refused: `rm` is not allowed{HELD}",
    ),
    "dashboard": (
        {"dashboards": (DashboardPlan(40, "Prometheus: none", "Prometheus", "none"),)},
        World.run,
        f"line 40: Prometheus: none: nothing was sampled{HELD}",
    ),
    "outage": (
        {"available": outage},
        World.run,
        "the response made deployment/chat unavailable for 10 s or more (line 30: `kubectl scale deployment web "
        "--replicas=3`): none of its pods answered their health check, on the control they did"
        f"{HELD}",
    ),
    "baseline": (
        {"bad": lambda *_: 0.2},
        World.run,
        f"baseline not met; availability 80 % before the fault ({OBJECTIVE}, n 1050)",
    ),
    "symptom present before": (
        {"symptoms": (("always", "error_rate(gateway) < 5%"),)},
        World.run,
        f"line 10: symptom `always` was present before the fault; availability 100 % before the fault ({OBJECTIVE}, ",
    ),
    "symptom absent": (
        {"symptoms": (("slow", "p95(gateway) > 500ms"),)},
        World.run,
        "line 10: symptom `slow` (p95(gateway) > 500ms) did not appear; it was ",
    ),
    "symptom unbound": (
        {"symptoms": (("odd", None),)},
        World.run,
        "line 10: symptom `odd` is bound to no condition; bind it in gameday.yaml; availability 50 % during the",
    ),
    "no SLO broke": (
        {"bad": lambda side, since, healed: 0.0},
        with_header(lambda header: header),
        "line 10: symptom `errors` (error_rate(gateway) > 5%) did not appear; it was 0 % during the incident "
        "(objective error_rate(gateway) > 5%, n ",
    ),
    "text that was not understood": (
        {},
        with_header(lambda header: replace(header, unread=(UnreadLine(17, "no shell"),))),
        f"line 17 was not understood, so it was not tested: no shell{HELD}",
    ),
    "undecided": (
        {"late_from_response": 30},
        World.run,
        "whether the SLOs recovered could not be decided; ",
    ),
    "self-healed": (
        {"bad": flapping},
        World.run,
        "self-healed: the SLOs also recovered on the control, so the runbook gets no credit; availability 100 % at "
        f"last on the control ({OBJECTIVE}, n 1000)",
    ),
    "nothing changed": (
        {"steps": (replace(ran("read", "kubectl get pods"), stdout="web"), MANUAL)},
        World.run,
        "no step had changed anything when the SLOs began to hold again, so the runbook gets no credit; ",
    ),
    "not reverted": (
        {"revert_error": PlatformError("it is stuck")},
        World.run,
        f"the fault was not reverted: it is stuck{HELD}",
    ),
    "broken after the revert": (
        {},
        broken_after_the_revert,
        f"after the revert the SLOs did not hold; availability 70 % ({OBJECTIVE}, 1000 arrivals)",
    ),
    "load lost": (
        {},
        without_load,
        "the drill crashed: load lost: treatment: the generator has reported nothing for 15 s; availability 50 %",
    ),
    "interrupted": ({}, stopped, "interrupted before the end; availability 50 % during the incident"),
    "record cut": ({}, cut_to(3), "the record stops before the end of the drill; no SLO was measured"),
    "never began": ({}, never_began, "the drill never started"),
    "no step": (
        {},
        with_header(lambda header: replace(header, empty=True)),
        "the runbook documents no step, so it cannot restore anything; no fault was injected",
    ),
    "not bound": (
        {},
        with_header(lambda header: replace(header, unbound="add runbooks.WEB")),
        "add runbooks.WEB; ",
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[GamedayResult, str]:
    """A result of one kind, and the begin of its cause."""
    parts, run, sentence = CASES[request.param]
    world = World(tmp_path, **{"bad": incident, **parts})  # type: ignore[arg-type]
    return run(world), sentence


def test_cause_is_one_sentence_with_evidence_in_every_format(case: tuple[GamedayResult, str]) -> None:
    result, sentence = case
    assert result.verdict is not Verdict.PASSED
    assert result.cause.startswith(f"WEB: {sentence}"), result.cause
    assert "\n" not in result.cause
    assert problems({name: render(result, name) for name in FORMATS}) == []


def test_text_and_summary_show_the_cause_of_the_run_and_of_its_drill(tmp_path: Path) -> None:
    result = World(tmp_path, incident, heals=False).run()
    (drill,) = result.drills
    begin = drill.cause.split(" (")[0]
    for name in ("text", "markdown"):
        assert " ".join(render(result, name).split()).count(begin) == 2, name
