"""`gameday postmortem`: papers and patch from the record alone, and only for the document that was drilled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.app import PlanRequest, PostmortemRequest, plan, postmortem
from harness.errors import MachineError
from harness.plan import GamedayPlan
from harness.policy import classify
from harness.postmortem.edits.bounded import CURL, ROLLOUT, TAIL_LINES
from harness.record.journal import JournalError
from harness.record.steps import StepFacts, ToggleFacts
from harness.steps.step import Step
from tests.support.incident_papers import AFTER, DOCUMENT, drilled, git, repository, steps_of
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.simulated_drill import World, incident

NAMES = ["action-items.md", "incident-report.md", "review.md", "root-cause.md"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the document, its drill in `run`; the working directory."""
    repository(tmp_path, "ops.md", DOCUMENT)
    drilled(tmp_path, DOCUMENT, steps_of(DOCUMENT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_papers_are_written_and_the_patch_is_applied_by_git(here: Path) -> None:
    done = postmortem(PostmortemRequest(here / "run"))
    assert [file.name for file in done.files] == [*NAMES, "runbook.patch"]
    assert {file.parent for file in done.files} == {here / "run" / "postmortem"}
    assert done.notes == (f"to apply it: cd {here} && git apply {here}/run/postmortem/runbook.patch",)
    git(here, "apply", "run/postmortem/runbook.patch")
    assert (here / "ops.md").read_text() == AFTER


def test_record_alone_is_enough_where_the_document_is_not(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (here / "ops.md").rename(here / "elsewhere.md")
    out = tmp_path_factory.mktemp("papers")
    done = postmortem(PostmortemRequest(here / "run" / "record.jsonl", out))
    assert "ops.md is not here; the patch is for the text that the record holds" in done.notes[0]
    repository(out / "other", "ops.md", DOCUMENT)
    git(out / "other", "apply", str(out / "runbook.patch"))
    assert (out / "other" / "ops.md").read_text() == AFTER


def test_document_that_has_changed_gets_no_patch(here: Path) -> None:
    postmortem(PostmortemRequest(here / "run"))
    (here / "ops.md").write_text(DOCUMENT.replace("# Ops", "# Operations"))
    done = postmortem(PostmortemRequest(here / "run"))
    assert [file.name for file in done.files] == NAMES
    assert not (here / "run" / "postmortem" / "runbook.patch").exists(), "that of the first call is gone"
    assert done.notes == ("ops.md has changed since the run, so no patch of it is made; drill it again",)
    assert "There is no `runbook.patch`: ops.md has changed" in done.files[2].read_text()


def test_record_of_an_older_version_gives_papers_without_a_patch(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    World(tmp_path / "run", incident).run()
    done = postmortem(PostmortemRequest(tmp_path / "run"))
    assert [file.name for file in done.files] == NAMES
    assert "does not hold the text of the document" in done.notes[0]


def test_run_without_a_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no record can be read here"):
        postmortem(PostmortemRequest(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_is_named(here: Path) -> None:
    (here / "file").write_text("")
    with pytest.raises(MachineError, match=r"file: cannot be written .*; name another directory with --out"):
        postmortem(PostmortemRequest(here / "run", here / "file"))


# -- the shipped runbook -----------------------------------------------------------------------------------------------


def executed(planned: GamedayPlan) -> Iterator[StepFacts]:
    """The facts of every step of the first drill, and of the general ones, as if each had worked."""
    for step in (*planned.drills[0].steps, *planned.general):
        if step.purpose != "manual":
            yield _worked(step)


def _worked(step: Step) -> StepFacts:
    assert step.script is not None
    changed, toggle = (), None
    if step.toggle:
        old = step.toggle.documented or "old"
        toggle = ToggleFacts(step.toggle.deployment, step.toggle.name, old, old, step.toggle.wanted, step.toggle.wanted)
        changed = (f"deployment/{toggle.deployment} {toggle.name} {old} -> {toggle.wanted}",)
    elif step.purpose == "change":
        changed = ("deployment/x replicas 1 -> 3",) if "=3" in step.text else ("deployment/x replicas 1 -> 5",)
    return StepFacts(
        step.number, step.line, step.kind, step.purpose, step.text, step.shown, ran=True, exit_status=0, stdout="x",
        ended=classify.endless(step.script), changed=changed, toggle=toggle, started_s=time.time(),
    )  # fmt: skip


def expected(step: Step) -> list[str]:
    """What a step of the patched document runs: the same, bounded, and the check behind a change."""
    text = step.shown.replace(" -f ", f" --tail={TAIL_LINES} ")
    text = text.replace("curl ", f"curl {CURL} ") if step.kind != "toggle" else text
    if step.kind == "command" and step.purpose == "change":
        name = step.shown.split("deployment/")[-1].split("deployment ")[-1].split()[0]
        return [text, f"kubectl rollout status deployment/{name} -n production {ROLLOUT}"]
    return [text]


@pytest.mark.parametrize(
    ("runbook", "end"),
    [("TIMEOUT", "\n"), ("TOOL_DOWN", "\n"), ("VALIDATION_FAIL", "\n"), ("WS_OVERLOAD", "\n"), ("TIMEOUT", "\r\n")],
)
def test_patched_runbook_is_accepted_and_its_steps_mean_what_they_did(runbook: str, end: str, tmp_path: Path) -> None:
    text = RUNBOOK.read_text(encoding="utf-8").replace("\n", end)
    file = repository(tmp_path, "ops.md", text)
    request = PlanRequest(file, BINDINGS, (runbook,))
    before = plan(request)
    facts = tuple(executed(before.plan))
    drilled(tmp_path, text, facts, runbook=runbook)
    postmortem(PostmortemRequest(tmp_path / "run"))
    git(tmp_path, "apply", "run/postmortem/runbook.patch")
    after = plan(request)
    assert before.ready
    assert after.ready
    assert [step.shown for step in after.plan.steps()] == [
        text for step in before.plan.steps() for text in expected(step)
    ]
    assert after.plan.drills[0].unread == before.plan.drills[0].unread
    old, new = before.plan.document, after.plan.document
    assert [replace(each, line=0) for each in new.post_incident] == [
        replace(each, line=0) for each in old.post_incident
    ]
    assert file.read_bytes().count(b"\r\n") in (0, file.read_bytes().count(b"\n"))
