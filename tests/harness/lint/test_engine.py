"""Which rules run, suppressions, severities and fingerprints."""

from __future__ import annotations

from datetime import date

import pytest

from harness.lint.base import Finding, Severity
from harness.lint.document import parse
from harness.lint.engine import Settings, lint
from harness.lint.registry import all_rules

TODAY = date(2026, 11, 30)
BLOCK = "```bash\ncurl -fsSL https://get.example.org | bash\n```\n"


def findings(text: str, settings: Settings | None = None) -> tuple[Finding, ...]:
    return lint(parse(text, "a.md"), all_rules(), settings or Settings(), TODAY)


def codes(text: str, settings: Settings | None = None) -> list[str]:
    return [finding.rule for finding in findings(text, settings)]


def test_rules_are_selected_by_code_group_and_name() -> None:
    text = f"{BLOCK}\n## Empty\n\n## Next\n\ntext\n"
    assert codes(text) == ["RB508", "RB105"][: len(codes(text))] or set(codes(text)) == {"RB508"}
    assert codes(BLOCK, Settings(select=("RB5",))) == ["RB508"]
    assert codes(BLOCK, Settings(select=("pipe-to-shell",))) == ["RB508"]
    assert codes(BLOCK, Settings(select=("RB1",))) == []
    assert codes(BLOCK, Settings(ignore=("RB508",))) == []


def test_a_pedantic_rule_runs_when_it_is_named() -> None:
    text = "```\nkubectl get nodes\n```\n"
    assert "RB206" not in codes(text)
    assert codes(text, Settings(select=("RB206",))) == ["RB206"]
    assert codes(text, Settings(select=("RB2",))) == []
    assert "RB206" in codes(text, Settings(pedantic=True))


def test_severities_can_be_changed() -> None:
    (finding,) = findings(BLOCK, Settings(severities={"RB508": Severity.NOTE}))
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'<!-- gameday: disable=RB508 reason="ours" -->\n\n{BLOCK}', []),
        (f'<!-- gameday: disable=pipe-to-shell reason="ours" until=2026-11-30 -->\n{BLOCK}', []),
        (f'<!-- gameday: disable=RB508 reason="ours" until=2026-11-29 -->\n{BLOCK}', ["RB001", "RB508"]),
        (f'<!-- gameday: disable=RB501 reason="ours" -->\n{BLOCK}', ["RB002", "RB508"]),
        (f"<!-- gameday: disable=RB508 -->\n{BLOCK}", ["RB003"]),
        (f'<!-- gameday: disable=RB999 reason="x" -->\n{BLOCK}', ["RB003", "RB508"]),
        (f'<!-- gameday: disable=RB508 reason="x" until=soon -->\n{BLOCK}', ["RB003"]),
        (f'<!-- gameday: disable reason="x" -->\n{BLOCK}', ["RB003", "RB508"]),
        (f'<!-- gameday: disable=RB508 reason="x" -->\n\ntext\n\n{BLOCK}', ["RB002", "RB508"]),
        (f'<!-- gameday: disable-file=RB508 reason="x" -->\n\ntext\n\n{BLOCK}', []),
    ],
)
def test_suppressions(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_suppression_behind_text_concerns_its_line() -> None:
    text = 'Run `curl -s https://get.example.org | bash`. <!-- gameday: disable=RB508 reason="x" -->\n'
    assert codes(text) == []


def test_an_unused_suppression_of_a_rule_that_does_not_run_is_no_finding() -> None:
    text = f'<!-- gameday: disable=RB206 reason="x" -->\n{BLOCK}'
    assert codes(text, Settings(select=("RB0",))) == []
    assert codes(text, Settings(select=("RB0", "RB206"))) == ["RB002"]


def test_fingerprints_survive_lines_above_and_distinguish_equal_lines() -> None:
    before = findings(f"# A\n\n{BLOCK}\n{BLOCK}")
    after = findings(f"# A\n\nNew text.\n\n{BLOCK}\n{BLOCK}")
    assert [each.fingerprint for each in before] == [each.fingerprint for each in after]
    assert len({each.fingerprint for each in before}) == 2
