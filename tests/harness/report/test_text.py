"""The report format `text`: labels, confidence, and what a failed drill shows."""

from __future__ import annotations

from pathlib import Path

from harness.report.format import show_confidence
from harness.report.text import to_text
from tests.support.simulated_drill import World, incident


def labels(text: str) -> list[str]:
    return [line[2:14].strip() for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


def test_text_of_a_drill_has_one_label_per_part_and_ends_with_the_verdict(tmp_path: Path) -> None:
    text = to_text(World(tmp_path, incident).run())
    assert labels(text) == ["why", "fault", "symptoms", "steps", "SLOs", "confidence", "budget", "times", "phases"]
    assert "  confidence  99 % (α = 1 %); intervals are valid at any time\n" in text
    assert "control stayed broken · reverted on both sides\n" in text
    assert text.splitlines()[0] == "✓ WEB  Web  PASSED"
    assert text.splitlines()[-1].startswith("PASSED in ")
    assert text.endswith("passed: WEB\n")


def test_no_line_is_wider_than_asked(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    assert max(map(len, to_text(result, 100).splitlines())) <= 100


def test_confidence_names_alpha_and_how_it_is_split() -> None:
    assert (
        show_confidence(0.01, 2) == "99 % (α = 1 %, split across 2 SLOs for breaches); intervals are valid at any time"
    )
    assert show_confidence(0.005, 1) == "99.5 % (α = 0.5 %); intervals are valid at any time"
