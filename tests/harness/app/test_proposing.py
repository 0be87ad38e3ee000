"""`init`: gameday.yaml for a runbook, and what is added to one that a person has edited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import app, bindings
from harness.errors import BindingError, DocumentError, MachineError
from harness.faults.factory import FAULTS

RUNBOOK = """\
# Operations

## Runbooks

### SLOW: The checkout is slow

**Symptoms:**

- P95 > 500ms
- 503 errors
- Timeouts in the logs of api-gateway

**Commands:**

```bash
kubectl logs <pod> -n <namespace>
kubectl scale deployment/api-gateway --replicas=3 -n <namespace>
kubectl get pods -n shop
kubectl set env deployment/inference LIMIT=5 -n <namespace>
```

**Environment Toggles:**

- `LIMIT`: Increase from 3 to 5
"""
SECOND = """
### DOWN: It is down

**Symptoms:**

- Health checks of inference failing

**Commands:**

```bash
kubectl get pods -n shop
```
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a runbook in `docs`."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "ops.md").write_text(RUNBOOK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*names: str, **options: object) -> app.Edited:
    return app.init(app.InitRequest(tuple(map(Path, names)), **options))  # type: ignore[arg-type]


def without_comments(text: str) -> str:
    return "".join(f"{line}\n" for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def test_a_new_file_has_every_part_of_the_runbook_and_questions_for_the_rest(place: Path) -> None:
    init("docs/ops.md")
    text = (place / "docs" / "gameday.yaml").read_text(encoding="utf-8")
    assert (
        without_comments(text.replace("  # TODO symptom", "\n# TODO symptom"))
        == """\
version: 1
namespace: shop
placeholders:
  <pod>:
  <namespace>: shop
toggles:
  LIMIT: inference
runbooks:
  SLOW:
    document: ops.md
    scenario:
    service:
    series:
    fault:
    slos:
    symptoms:
      - {contains: 503 errors, is: }
      - {contains: Timeouts in the logs of api-gateway, is: 'logs(api-gateway, "timeout") > 0'}
"""
    )
    for key in ("scenario", "service", "series", "fault", "slos"):
        assert f"    # TODO {key}: " in text
    assert "  # TODO symptom, line 10: perhaps status(SERIES, 503) > 1%; is 1% the right limit?\n" in text
    assert "  # TODO symptom, line 11: is `timeout` the text in the log?\n" in text
    questions = " ".join(text.replace("#", "").split())
    assert "timeout, tool_down, validation_fail, ws_overload (shipped)" in questions
    likely, others = re.findall(r"kinds that its words suggest: (.*?); other kinds: ([\w, -]+)", questions)[0]
    assert "cpu-pressure" in likely
    assert {*likely.split(", "), *others.partition(" fault")[0].split(", ")} == {*FAULTS.names()}


def test_the_new_file_is_read_and_its_runbook_is_a_draft(place: Path) -> None:
    bound = bindings.load(init("docs/ops.md").path)
    assert (bound.runbooks, list(bound.drafts)) == ({}, ["SLOW"])
    assert [each.path for each in bound.undecided if each.runbook == "SLOW"] == [
        *(f"runbooks.SLOW.{key}" for key in ("scenario", "service", "series", "fault", "slos")),
        "runbooks.SLOW.symptoms[0].is",
    ]


def test_nothing_is_added_twice(place: Path) -> None:
    first = init("docs/ops.md").path.read_text(encoding="utf-8")
    again = init("docs/ops.md")
    assert (again.diff, again.path.read_text(encoding="utf-8")) == ("", first)


def test_a_dry_run_writes_nothing_and_shows_the_addition(place: Path) -> None:
    diff = init("docs/ops.md", dry_run=True).diff
    assert not (place / "docs" / "gameday.yaml").exists()
    assert diff.startswith("--- /dev/null\n+++ docs/gameday.yaml\n@@ ")
    assert "+  SLOW:\n" in diff


def test_edits_of_a_person_stay_and_a_new_runbook_is_added(place: Path) -> None:
    path = init("docs/ops.md").path
    edited = path.read_text(encoding="utf-8").replace("    scenario:\n", "    scenario: tool_down   # ours\n")
    edited = edited.replace("  <pod>:\n", "  <pod>: web-1\n").replace(
        "- {contains: 503 errors, is: }", "- {line: 10, is: status(tools, 503) > 2%}"
    )
    path.write_text(edited, encoding="utf-8")
    (place / "docs" / "ops.md").write_text(RUNBOOK + SECOND, encoding="utf-8")
    after = init("docs/ops.md").path.read_text(encoding="utf-8")
    assert after.startswith(edited)
    added = without_comments(after[len(edited) :])
    assert added.startswith("  DOWN:\n    document: ops.md\n    scenario:\n")
    assert added.endswith("- {contains: Health checks of inference failing, is: health(inference) == failing}\n")


def test_a_namespace_that_the_file_has_fills_its_placeholder(place: Path) -> None:
    (place / "docs" / "gameday.yaml").write_text("version: 1\nnamespace: prod\n", encoding="utf-8")
    assert bindings.load(init("docs/ops.md").path).placeholders == {"<namespace>": "prod"}


def test_known_series_and_services_make_symptoms_certain(place: Path) -> None:
    entry = "version: 1\nrunbooks:\n  SLOW: {scenario: timeout, service: inference, series: gateway, fault: , slos: }\n"
    (place / "docs" / "gameday.yaml").write_text(entry, encoding="utf-8")
    text = init("docs/ops.md").path.read_text(encoding="utf-8")
    assert "{contains: 503 errors, is: 'status(gateway, 503) > 1%'}" in text


def test_services_that_only_the_commands_name_are_asked_for(place: Path) -> None:
    text = RUNBOOK.replace("api-gateway", "shop").replace("inference", "cart")
    (place / "docs" / "ops.md").write_text(text, encoding="utf-8")
    written = " ".join(init("docs/ops.md").path.read_text(encoding="utf-8").replace("#", "").split())
    assert "TODO services: the commands name cart, shop: describe them under `services`; " in written
    assert "TODO service: which one receives the load? One of cart, shop " in written
    assert "TODO scenario: which load is there in the incident? A name under `loads`" in written


def test_the_file_of_the_working_directory_is_the_one_of_a_document_below_it(place: Path) -> None:
    (place / "gameday.yaml").write_text("version: 1\n", encoding="utf-8")
    assert init("docs/ops.md").path == Path("gameday.yaml")
    assert bindings.load(place / "gameday.yaml").drafts["SLOW"].document == "docs/ops.md"
    (place / "docs" / "gameday.yaml").write_text("version: 1\n", encoding="utf-8")
    assert init("docs/ops.md").path == Path("docs/gameday.yaml")


def test_a_document_elsewhere_has_its_own_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "work").mkdir()
    (place / "work" / "gameday.yaml").write_text("version: 1\n", encoding="utf-8")
    monkeypatch.chdir(place / "work")
    assert init("../docs/ops.md").path == Path("../docs/gameday.yaml")


def test_links_permissions_and_line_ends_of_the_file_stay(place: Path) -> None:
    file = place / "bound.yaml"
    file.write_bytes(b"version: 1\r\n")
    file.chmod(0o640)
    (place / "docs" / "gameday.yaml").symlink_to(file)
    init("docs/ops.md")
    assert (place / "docs" / "gameday.yaml").is_symlink()
    assert (file.stat().st_mode & 0o777, file.read_bytes().count(b"\r\n")) == (0o640, file.read_bytes().count(b"\n"))
    assert not list(place.rglob(".*"))


def test_several_documents_share_a_file_and_an_id_belongs_to_one_of_them(place: Path) -> None:
    (place / "other.md").write_text(RUNBOOK + SECOND, encoding="utf-8")
    done = init("docs/ops.md", "other.md", bindings=Path("all.yaml"))
    drafts = bindings.load(Path("all.yaml")).drafts
    assert {name: each.document for name, each in drafts.items()} == {"SLOW": "docs/ops.md", "DOWN": "other.md"}
    assert done.notes == (
        "other.md: all.yaml has the runbook id SLOW for another document; give one of them another id",
    )


def test_a_document_without_a_runbook_is_skipped_and_named(place: Path) -> None:
    (place / "notes.md").write_text("# Notes\n\nNothing.\n", encoding="utf-8")
    (note,) = init("docs/ops.md", "notes.md").notes
    assert note.startswith("notes.md: nothing to test: ")
    with pytest.raises(DocumentError, match="nothing to test"):
        init("notes.md")


@pytest.mark.parametrize("content", [b"version: [1", b"\xff\xfe", b"- a\n", b"a: 1\na: 2\n"])
def test_a_file_that_cannot_be_read_is_named_and_kept(place: Path, content: bytes) -> None:
    path = place / "docs" / "gameday.yaml"
    path.write_bytes(content)
    with pytest.raises(BindingError, match=r"gameday\.yaml"):
        init("docs/ops.md")
    assert path.read_bytes() == content
    assert sorted(each.name for each in path.parent.iterdir()) == ["gameday.yaml", "ops.md"]


def test_documents_that_cannot_be_read_are_all_named_and_nothing_is_written(place: Path) -> None:
    (place / "binary.md").write_bytes(b"\xff")
    with pytest.raises(DocumentError) as refused:
        init("docs/ops.md", "absent.md", "binary.md")
    assert [line.partition(":")[0] for line in str(refused.value).split("\n")] == [
        "absent.md", "binary.md", "Nothing was written.",
    ]  # fmt: skip
    assert not (place / "docs" / "gameday.yaml").exists()


def test_a_folder_that_does_not_exist_is_an_error(place: Path) -> None:
    with pytest.raises(MachineError, match=r"none/gameday.yaml: cannot be written"):
        init("docs/ops.md", bindings=Path("none/gameday.yaml"))
