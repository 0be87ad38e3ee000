"""The use case: files, folders, settings, processes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from harness.app.linting import LintRequest, LintResult, correct, run_lint
from harness.errors import DocumentError, MachineError, PlatformError
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


RULES = """groups:
- name: api
  rules:
  - {alert: ApiDown, expr: up == 0, annotations: {runbook_url: https://runbooks.shop.test/a}}
  - {alert: ApiSlow, expr: "rate(http_requests_total[5m]) > 1"}
  - {alert: DbDown, expr: up == 0, annotations: {runbook_url: https://runbooks.shop.test/db}}
"""


def test_alerts_and_runbooks_are_compared(folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULES)
    (folder / "docs" / "b.md").write_text("# B\n\nThe alert `ApiDwn` fires; look at `rate(http_request_total[5m])`.\n")
    result = lint(Path("docs"), rules=(Path("rules.yaml"),), select=("RB8",))
    assert [(each.path, each.place.line, each.rule) for each in result.findings] == [
        ("docs/b.md", 3, "RB803"),
        ("docs/b.md", 3, "RB804"),
        ("rules.yaml", 5, "RB801"),
        ("rules.yaml", 6, "RB802"),
    ]
    assert "the nearest is `ApiDown`" in result.findings[0].message


MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  template:
    spec: {containers: [{name: app, env: [{name: MAX_RETRIES, value: "3"}], ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: checkout}
spec: {ports: [{port: 80}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: checkout}
spec: {scaleTargetRef: {kind: Deployment, name: checkout}}
"""
COMMANDS = """```bash
kubectl rollout status deployment/chekout -n shop
kubectl scale deployment/checkout --replicas=3 -n shop
curl --fail http://checkout:8080/health
```

- `MAX_RETRY`: Decrease from 3 to 1
"""


def test_commands_are_compared_with_manifests(folder: Path) -> None:
    (folder / "manifests").mkdir()
    (folder / "manifests" / "all.yaml").write_text(MANIFEST)
    (folder / "docs" / "a.md").write_text(COMMANDS)
    found = lint(Path("docs/a.md"), manifests=(Path("manifests"),), select=("RB9",)).findings
    assert [(each.place.line, each.rule) for each in found] == [(2, "RB901"), (3, "RB905"), (4, "RB904"), (7, "RB903")]
    assert found[0].message == "there is no deployment `chekout` on the platform; the nearest is `checkout`"
    assert found[2].message == "the Service `checkout` has no port 8080; it has 80"


def test_a_cluster_is_read_without_its_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "docs" / "a.md").write_text(COMMANDS)
    (folder / "bin").mkdir()
    fake = folder / "bin" / "kubectl"
    fake.write_text('#!/bin/bash\necho "$@" >"$0.words"\necho \'{"kind": "List", "items": []}\'\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
    found = lint(Path("docs/a.md"), context="shop", select=("RB901",)).findings
    assert len(found) == 2
    words = (folder / "bin" / "kubectl.words").read_text().split()
    assert words[:3] == ["--context", "shop", "get"]
    assert "secret" not in " ".join(words)
    fake.write_text("#!/bin/bash\necho 'no such context' >&2; exit 1\n")
    with pytest.raises(PlatformError, match="--context shop: no such context"):
        lint(Path("docs/a.md"), context="shop")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_is_merged_at_the_lines_of_the_document(folder: Path) -> None:
    (folder / "docs" / "a.md").write_text("- x\n\n  ```bash\n  echo $(ls *.log)\n  ```\n")
    found = lint(Path("docs/a.md"), shellcheck=True).findings
    assert ("SC2046", 4, 8) in [(each.rule, each.place.line, each.place.column) for each in found]
    assert lint(Path("docs/a.md")).findings == ()


def test_shellcheck_that_is_missing_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(MachineError, match="shellcheck is not installed"):
        lint(Path("docs/a.md"), shellcheck=True)


QUOTES = "Sum up <!-- -->\n\n{comment}\n\n```bash\necho $(ls *.log)\n```\n\n```bash\ncp $1 /tmp\n```\n"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", ["SC2005", "SC2035", "SC2046", "SC2086"]),
        ('<!-- gameday: disable=SC2046,SC2035 reason="few files" -->', ["SC2005", "SC2086"]),
        ('<!-- gameday: disable=shellcheck reason="few files" -->', ["SC2086"]),
        ('<!-- gameday: disable-file=SC2086 reason="no blanks" -->', ["SC2005", "SC2035", "SC2046"]),
        (
            '<!-- gameday: disable=SC2046 reason="old" until=2020-01-01 -->',
            ["RB001", "SC2005", "SC2035", "SC2046", "SC2086"],
        ),
        ('<!-- gameday: disable=SC1000 reason="x" -->', ["RB002", "SC2005", "SC2035", "SC2046", "SC2086"]),
    ],
)
def test_a_document_suppresses_findings_of_shellcheck(folder: Path, comment: str, expected: list[str]) -> None:
    (folder / "docs" / "a.md").write_text(QUOTES.format(comment=comment))
    found = lint(Path("docs/a.md"), shellcheck=True).findings
    assert sorted(each.rule for each in found if each.rule.startswith(("SC", "RB0"))) == sorted(expected)


def test_a_suppression_of_shellcheck_is_not_judged_where_it_does_not_run(folder: Path) -> None:
    (folder / "docs" / "a.md").write_text(QUOTES.format(comment='<!-- gameday: disable=SC1000 reason="x" -->'))
    assert [each.rule for each in lint(Path("docs/a.md"), select=("RB0",)).findings] == []
