"""Records with one extreme value: refused with the line, or judged in little memory, and never a pass."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness.app import ReportRequest, render, report
from harness.model import Verdict
from harness.record.journal import JournalError
from harness.stats.inflation import VifEstimate
from tests.support.events import sealed
from tests.support.simulated_drill import World, incident

VALUES = (1e300, -1e300, 1e9, -1, -0.5, 2**70, 10**12, float("nan"), float("inf"), True, None, "", "x", "1e300", [], {})
MUTATIONS = 300


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutated(objects: list[dict[str, Any]], draw: random.Random) -> list[dict[str, Any]]:
    """The objects of the lines with one value replaced, or one key of a mapping."""
    changed = list(objects)
    kind = draw.choice(sorted({line["event"] for line in objects}))
    at = draw.choice([number for number, line in enumerate(objects) if line["event"] == kind])
    changed[at] = line = copy.deepcopy(objects[at])
    *path, last = draw.choice(list(places(line)))
    part: Any = line
    for key in path:
        part = part[key]
    value = draw.choice(VALUES)
    if isinstance(part, dict) and path and draw.random() < 0.2:
        part[str(value)] = part.pop(last)
    else:
        part[last] = value
    return changed


@pytest.fixture(scope="module")
def not_passed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The objects of the record of a drill that was interrupted in its recovery, one per line."""
    world = World(tmp_path_factory.mktemp("run"), incident, known=VifEstimate(1.3, 60.0), heals=False, over_ms=500.0)
    world.at = lambda now_s: world.stop.set() if now_s > 20 else None
    assert [phase.phase for phase in world.run().drills[0].phases][-1] == "response"
    lines = map(json.loads, world.journal.path.read_text(encoding="utf-8").splitlines())
    return [{key: value for key, value in line.items() if key not in ("seq", "sum")} for line in lines]


@pytest.mark.parametrize("seed", range(10))
def test_extreme_value_is_an_error_or_harmless(not_passed: list[dict[str, Any]], tmp_path: Path, seed: int) -> None:
    draw, record = random.Random(seed), tmp_path / "record.jsonl"
    for _ in range(MUTATIONS // 10):
        record.write_text("".join(sealed(mutated(not_passed, draw))), encoding="utf-8")
        with suppress(JournalError):
            result = report(ReportRequest(tmp_path))
            assert result.verdict is not Verdict.PASSED
            assert all(render(result, name) for name in ("text", "json", "junit", "markdown"))
