"""The report format `text`: labels, confidence, and what a failed drill shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from harness.app import ReportRequest, report
from harness.record.header import SloPlan
from harness.report.format import show_confidence
from harness.report.text import to_text
from tests.support.events import sealed
from tests.support.hostile import CONTROL, SHOWN, control_characters
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import SCALE


def labels(text: str) -> list[str]:
    return [line[2:14].strip() for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


def test_text_of_a_drill_has_one_label_per_part_and_ends_with_the_verdict(tmp_path: Path) -> None:
    text = to_text(World(tmp_path, incident).run())
    assert labels(text) == [
        "why", "fault", "symptoms", "alerts", "steps", "SLOs", "confidence", "budget", "times", "phases",
    ]  # fmt: skip
    assert "  confidence  99 % (α = 1 %); intervals are valid at any time\n" in text
    assert re.search(
        r"control stayed broken for \d+ s \(self-healing: p ≤ 0\.\d+\) · reverted on both sides\n", text
    ), text
    assert text.splitlines()[0] == "✓ WEB  Web  PASSED"
    assert text.splitlines()[-1].startswith("PASSED in ")
    assert text.endswith("passed: WEB\n")


def test_no_line_is_wider_than_asked(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    assert max(map(len, to_text(result, 100).splitlines())) <= 100


def test_table_of_slos_is_not_wrapped(tmp_path: Path) -> None:
    name = "availability of the gateway for the tenants of the free plan"
    slo = SloPlan(name, 'ratio(gateway, requests_total{status="503"}, requests_total) < 1%', 28 * 86400.0)
    lines = to_text(World(tmp_path, incident, more_slos=(slo,)).run()).splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("  SLOs"))
    end = next(number for number, line in enumerate(lines) if line.startswith("  confidence"))
    table = [line[14:] for line in lines[begin:end]]
    names = ["availability", "availability(gateway) >= 99%", name, slo.objective]
    assert [line for line in table if not line.startswith("  ")] == names
    values = [line for line in table if line.startswith("  ")]
    assert [value.split()[0] for value in values[:4]] == ["before", "100", "n", "no"]
    assert {len(value) - len(value.lstrip()) for value in values} == {2}, "one column"


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    step = replace(SCALE, text=CONTROL, changed=(CONTROL,))
    text = to_text(World(tmp_path, incident, title=CONTROL, symptoms=((CONTROL, None),), steps=(step,)).run())
    assert control_characters(text) == set()
    assert text.startswith(f"? WEB  {SHOWN}")


def test_symptom_that_was_still_awaited_when_the_harness_was_killed_is_unknown(tmp_path: Path) -> None:
    world = World(tmp_path, lambda *_: 0.0)
    world.run()
    lines = [json.loads(line) for line in world.journal.path.read_text().splitlines()]
    fault = next(number for number, line in enumerate(lines) if line.get("phase") == "symptoms")
    kept = [{key: line[key] for key in line if key not in ("seq", "sum")} for line in lines[: fault + 3]]
    world.journal.path.write_text("".join(sealed(kept)))
    result = report(ReportRequest(tmp_path))
    text = to_text(result)
    assert "? not seen  line 10   errors" in text
    assert "the record stops before the end of the drill" in text
    assert not re.search("never (?!began)|did not appear|broke no SLO", text)


def test_confidence_names_alpha_and_how_it_is_split() -> None:
    assert (
        show_confidence(0.01, 2) == "99 % (α = 1 %, split across 2 SLOs for breaches); intervals are valid at any time"
    )
    assert show_confidence(0.005, 1) == "99.5 % (α = 0.5 %); intervals are valid at any time"
