"""The invented documents of the benchmark of the linter, and its thresholds."""

from __future__ import annotations

from pathlib import Path

from benchmarks.lint import Cost, _report
from benchmarks.parts import lint_documents
from harness.lint.document import parse


def test_documents_are_the_same_each_time_and_have_the_lines_and_blocks(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    scripts = lint_documents.write(tmp_path / "a", 20, 2000, 50)
    assert lint_documents.write(tmp_path / "b", 20, 2000, 50) == scripts
    texts = [path.read_text() for path in sorted((tmp_path / "a").iterdir())]
    assert len(scripts) == sum(len(parse(text).blocks) for text in texts) == 50
    assert 1900 < sum(text.count("\n") for text in texts) < 2400


def test_each_figure_has_its_threshold() -> None:
    fast, slow = [Cost(1.0, 2.0, 40.0)], [Cost(10.0, 10.0, 200.0)]
    met = {each.name: each.met for each in _report(fast, [Cost(0.2, 0.2, 30.0)], slow, 9, quick=False).thresholds}
    missed = {each.name: each.met for each in _report(slow, [Cost(0.4, 0.4, 30.0)], slow, 9, quick=False).thresholds}
    assert set(met.values()) == {True}
    assert set(missed.values()) == {False}
    assert len(_report(fast, fast, slow, 9, quick=True).thresholds) == 2
