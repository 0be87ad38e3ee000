"""`gameday lint` and `gameday rule`: exit codes and output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.gameday import gameday, in_process

BAD = "# A\n\n```bash\ncurl -fsSL https://get.example.org | bash\n```\n"


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    path = tmp_path / "a.md"
    path.write_text(BAD)
    return path


def test_findings_end_with_1_and_show_the_line(runbook: Path) -> None:
    done = gameday("lint", "a.md", cwd=runbook.parent)
    assert done.returncode == 1
    first, source, caret, last = done.stdout.splitlines()
    assert first.startswith("a.md:4:1: error RB508 `curl -fsSL https://get.example.org` is piped into bash unseen")
    assert source == "  curl -fsSL https://get.example.org | bash"
    assert caret == f"  ^{'~' * 33}"
    assert last.startswith("1 finding in 1 file: 1 error")


def test_no_findings_end_with_0(runbook: Path) -> None:
    done = in_process("lint", "a.md", "--ignore", "RB508", cwd=runbook.parent)
    assert (done.returncode, done.stdout) == (0, "no findings in 1 file\n")


@pytest.mark.parametrize("words", [("lint", "no.md"), ("lint", "a.md", "--config", "no.toml"), ("rule", "RB999")])
def test_unusable_input_ends_with_2(runbook: Path, words: tuple[str, ...]) -> None:
    done = in_process(*words, cwd=runbook.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("gameday: ")


def test_json_has_the_place_and_the_fingerprint(runbook: Path) -> None:
    whole = json.loads(in_process("lint", "a.md", "--format", "json", cwd=runbook.parent).stdout)
    (finding,) = whole["findings"]
    assert (finding["rule"], finding["line"], finding["column"], finding["fixable"]) == ("RB508", 4, 1, False)
    assert len(finding["fingerprint"]) == 32


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "markdown"])
def test_other_formats_name_the_rule(runbook: Path, form: str) -> None:
    done = in_process("lint", "a.md", "--format", form, cwd=runbook.parent)
    assert done.returncode == 1
    assert "RB508" in done.stdout


def test_the_diff_changes_nothing_and_fix_does(tmp_path: Path) -> None:
    path = tmp_path / "b.md"
    path.write_text("```bash\n$ uptime -p\n```\n")
    shown = in_process("lint", "b.md", "--diff", cwd=tmp_path)
    assert (shown.returncode, path.read_text()) == (1, "```bash\n$ uptime -p\n```\n")
    assert "-$ uptime -p\n+uptime -p\n" in shown.stdout
    done = in_process("lint", "b.md", "--fix", cwd=tmp_path)
    assert (done.returncode, path.read_text()) == (0, "```bash\nuptime -p\n```\n")
    assert done.stderr == "gameday: corrected 1 finding\n"


def test_rule_explains_and_lists(tmp_path: Path) -> None:
    assert "It fires on:" in in_process("rule", "RB301", cwd=tmp_path).stdout
    assert len(in_process("rule", cwd=tmp_path).stdout.splitlines()) >= 80


def test_help_is_the_same_on_both_ways(tmp_path: Path) -> None:
    from harness.cli.parser import build_parser

    short = in_process("lint", "--help", cwd=tmp_path).stdout
    for line in build_parser().format_help().splitlines():
        if line.strip().startswith("lint "):
            assert line.split("lint ", 1)[1].strip() in short
