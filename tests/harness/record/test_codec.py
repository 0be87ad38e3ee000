"""Events as JSON and back: nothing is lost, and nothing wrong is accepted."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from harness.record.codec import KINDS, FormatError, from_json, kind_of, to_json
from harness.record.event import Event
from tests.support.events import EVERY_KIND


def test_example_events_cover_every_kind() -> None:
    assert {type(event) for event in EVERY_KIND} == set(KINDS.values())


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: kind_of(type(event)))
def test_event_survives_json(event: Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: kind_of(type(event)))
def test_event_with_a_missing_or_an_unknown_field_is_refused(event: Event) -> None:
    data = to_json(event)
    for name in data.keys() - {"event"}:
        with pytest.raises(FormatError, match=rf"^{data['event']}: {name}: missing$"):
            from_json({key: value for key, value in data.items() if key != name})
    with pytest.raises(FormatError, match=rf"^{data['event']}: colour: unknown field$"):
        from_json({**data, "colour": "red"})


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("host-sampled", ["seconds"], "0.5", "host-sampled.seconds: '0.5' is not of type float"),
        ("host-sampled", ["seconds"], True, "host-sampled.seconds: True is not of type float"),
        ("host-sampled", ["t_s"], None, "host-sampled.t_s: None is not of type float"),
        ("host-sampled", ["pressure_share"], 1.5, "host-sampled.pressure_share: 1.5 is not from 0 to 1"),
        ("host-sampled", ["pressure_share"], float("nan"), "host-sampled.pressure_share: nan is not from 0 to 1"),
        ("host-sampled", ["t_s"], 1e300, "host-sampled.t_s: 1e+300 is not from 0 to 1e+11"),
        ("phase-started", ["limit_s"], -1.0, "phase-started.limit_s: -1.0 is not from 0 to 1e+11"),
        ("load-counted", ["slices", 0, "sent"], -1, "load-counted.slices[0].sent: -1 is not from 0 to 1e+12"),
        ("load-counted", ["slices", 0, "bad", "timeout"], -1, "load-counted.slices[0].bad.timeout: -1 is not from 0"),
        ("load-counted", ["slices", 0, "hist"], {"99999": 1}, "load-counted.slices[0].hist.99999: 99999 is not from 0"),
        ("load-counted", ["slices", 0, "over"], {"inf": 1}, "load-counted.slices[0].over.inf: inf is not from 0 to"),
        ("probe-sampled", ["values", "m"], {"web-0": float("nan")}, "probe-sampled.values.m.web-0: nan is not from -1"),
        (
            "step-executed",
            ["facts", "exit_status"],
            2**70,
            "step-executed.facts.exit_status: 11805916207174113",
        ),
        ("run-started", ["version"], 2.0, "run-started.version: 2.0 is not one of 2"),
        ("process-started", ["pid"], 1.0, "process-started.pid: 1.0 is not of type int"),
        ("drill-started", ["empty"], 0, "drill-started.empty: 0 is not of type bool"),
        ("drill-started", ["symptoms", 0, "condition"], 5, "drill-started.symptoms[0].condition: 5 is not of type str"),
        ("drill-started", ["symptoms"], {}, "drill-started.symptoms: {} is not an array"),
        ("phase-started", ["phase"], "nap", "phase-started.phase: 'nap' is not one of control-prepare, "),
        ("load-counted", ["side"], "main", "load-counted.side: 'main' is not one of treatment, control"),
        ("load-counted", ["slices", 0, "bad"], [], "load-counted.slices[0].bad: [] is not an object"),
        ("load-counted", ["slices", 0, "hist"], {"x": 1}, "load-counted.slices[0].hist: a key is not of type int"),
        ("load-counted", ["slices", 0, "hist"], {"1": "x"}, "load-counted.slices[0].hist.1: 'x' is not of type int"),
        ("step-executed", ["facts"], [], "step-executed.facts: [] is not an object"),
        ("step-executed", ["facts", "used"], [["a"]], "step-executed.facts.used[0]: has 1 items instead of 2"),
        (
            "step-executed",
            ["facts", "toggle", "name"],
            None,
            "step-executed.facts.toggle.name: None is not of type str",
        ),
        (
            "crashed",
            ["trace"],
            ["x" * 99],
            "crashed.trace: ['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is not of type str",
        ),
    ],
)
def test_value_of_the_wrong_type_is_refused_with_its_place(
    kind: str, path: list[str | int], value: object, message: str
) -> None:
    event = next(event for event in EVERY_KIND if kind_of(type(event)) == kind)
    data: Any = copy.deepcopy(to_json(event))
    part = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(FormatError, match=f"^{re.escape(message)}"):
        from_json(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "this is not an event: `event` is missing"),
        ({"ev": "load"}, "this is not an event: `event` is missing"),
        ({"event": "lunch"}, "unknown event `lunch`"),
        ({"event": ["lunch"]}, "unknown event `['lunch']`"),
    ],
)
def test_object_that_is_no_known_event_is_refused(data: object, message: str) -> None:
    with pytest.raises(FormatError, match=f"^{re.escape(message)}$"):
        from_json(data)
