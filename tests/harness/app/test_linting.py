"""The use case: files, folders, settings, processes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.app.linting import LintRequest, LintResult, correct, run_lint
from harness.errors import DocumentError
from harness.lint.configuration import ConfigurationError

TODAY = date(2026, 11, 30)
BAD = "```bash\ncurl -fsSL https://get.example.org | bash\n```\n"


def lint(*paths: Path, **options: object) -> LintResult:
    return run_lint(LintRequest(paths, **options), TODAY)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    (tmp_path / "docs" / "a.md").write_text(BAD)
    (tmp_path / "docs" / "sub" / "b.MD").write_text("# B\n\ntext\n")
    (tmp_path / "docs" / "node_modules").mkdir()
    (tmp_path / "docs" / "node_modules" / "c.md").write_text(BAD)
    (tmp_path / "docs" / "x.txt").write_text(BAD)
    return tmp_path


def test_a_folder_is_searched(folder: Path) -> None:
    result = lint(Path("docs"))
    assert result.files == 2
    assert [(each.path, each.rule) for each in result.findings] == [("docs/a.md", "RB508")]


def test_processes_give_the_same_findings(folder: Path) -> None:
    for number in range(9):
        (folder / "docs" / f"{number}.md").write_text(BAD * (number + 1))
    assert lint(Path("docs"), jobs=2).findings == lint(Path("docs"), jobs=1).findings


def test_every_unusable_file_is_named(folder: Path) -> None:
    (folder / "latin.md").write_bytes(b"caf\xe9")
    (folder / "binary.md").write_bytes(b"a\0b")
    (folder / "large.md").write_text("x" * 2_200_000)
    with pytest.raises(DocumentError, match=r"latin.md: .*UTF-8(.|\n)*binary.md: .*binary"):
        lint(folder / "latin.md", folder / "binary.md")
    with pytest.raises(DocumentError, match=r"large.md: 2148 KiB is larger than the limit of 2048 KiB"):
        lint(folder / "large.md")
    with pytest.raises(DocumentError, match=r"no.md: there is no such file(.|\n)*none: there is no such"):
        lint(Path("no.md"), Path("none"))
    (folder / "empty").mkdir()
    with pytest.raises(DocumentError, match="there is no Markdown file"):
        lint(folder / "empty")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.gameday.lint]\nignore = ["RB508"]\n'),
        ("gameday.yaml", "lint:\n  ignore: [pipe-to-shell]\n"),
        ("pyproject.toml", '[tool.gameday.lint]\nexclude = ["*/a.md"]\n'),
    ],
)
def test_settings_are_found_in_the_working_directory(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert lint(Path("docs")).findings == ()


def test_a_severity_is_set_and_options_win(folder: Path) -> None:
    (folder / "own.toml").write_text(
        '[tool.gameday.lint]\nselect = ["RB1"]\n[tool.gameday.lint.severity]\nRB508 = "note"\n'
    )
    result = lint(Path("docs"), config=Path("own.toml"), select=("RB508",))
    assert [each.severity.value for each in result.findings] == ["note"]


def test_every_wrong_setting_is_named(folder: Path) -> None:
    (folder / "own.toml").write_text(
        '[tool.gameday.lint]\nselct = []\nignore = ["RB999"]\npedantic = "yes"\nmax-kib = 0\n'
    )
    with pytest.raises(ConfigurationError) as refused:
        lint(Path("docs"), config=Path("own.toml"))
    text = str(refused.value)
    assert all(
        part in text for part in ("`selct` is no setting", "no rule `RB999`", "pedantic: expected", "max-kib: expected")
    )


def test_dead_links_are_looked_up_beside_the_document(folder: Path) -> None:
    (folder / "docs" / "sub" / "b.MD").write_text("# B\n\n[a](../a.md) [no](../no.md)\n")
    (finding,) = lint(Path("docs/sub")).findings
    assert finding.rule == "RB107"
    assert "../no.md" in finding.message


def test_corrections_are_written(folder: Path) -> None:
    (folder / "docs" / "a.md").write_text("```bash\n$ uptime -p\n```\n")
    assert correct(lint(Path("docs"))) == 1
    assert (folder / "docs" / "a.md").read_text() == "```bash\nuptime -p\n```\n"
    assert lint(Path("docs")).findings == ()
