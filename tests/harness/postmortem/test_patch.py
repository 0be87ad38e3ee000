"""`runbook.patch`: applied by git, it changes what it says and no other byte, and the document keeps its meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from harness.app.members import EDITS
from harness.postmortem.diff import git_patch
from harness.postmortem.edits.base import Context, Dropped, Edit, unchanged
from harness.postmortem.patching import Patched, patch
from harness.postmortem.source import Source
from harness.record.steps import StepFacts
from harness.runbook import parse
from tests.support.incident_papers import (
    AFTER,
    DOCUMENT,
    drill_with,
    followed,
    git,
    read,
    repository,
    scaled,
    set_,
    steps_of,
)


def in_block(text: str, margin: str, first: str) -> str:
    """The text with this margin before the lines of its code block, and this line before the block."""
    before, block, after = text.partition("```bash\n")
    inside, fence, rest = after.partition("```\n")
    lines = [f"{margin}{line}".rstrip() for line in f"{block}{inside}{fence}".splitlines()]
    return before + first + "\n".join(lines) + "\n" + rest


FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no final newline": lambda text: text.rstrip("\n"),
    "byte order mark": lambda text: f"\ufeff{text}",
    "blanks at the ends of lines": lambda text: text.replace("- errors", "- errors  \t").replace("team", "team   "),
    "crlf, without a final newline": lambda text: text.rstrip("\n").replace("\n", "\r\n"),
    "other line ends inside": lambda text: text.replace("# Ops\n\n", "# Ops\n\nProse\rmore\u2028prose\x0c.\n\n"),
    "in a quote": lambda text: in_block(text, "> ", ""),
    "in a list, with tabs": lambda text: in_block(text, "\t", "- Do:\n\n"),
}


def edited(text: str, steps: Sequence[StepFacts]) -> Patched:
    """The document with the edits that a drill of these steps calls for."""
    context = Context(Source(text), parse(text), drill_with(text, steps))
    return patch(text, (each for name in EDITS.names() for each in EDITS.load(name).find(context)))


def applied_by_git(folder: Path, name: str, patched: Patched) -> str:
    """The document after `git apply` of the patch in a repository."""
    file = repository(folder / "repository", name, patched.before)
    (folder / "runbook.patch").write_bytes(git_patch(PurePosixPath(name), patched.before, patched.after).encode())
    git(folder / "repository", "apply", str(folder / "runbook.patch"))
    return file.read_bytes().decode()


@pytest.mark.parametrize("form", FORMS)
def test_patch_makes_every_edit_and_no_other_byte_changes(form: str, tmp_path: Path) -> None:
    text, wanted = FORMS[form](DOCUMENT), FORMS[form](AFTER)
    patched = edited(text, steps_of(text))
    assert patched.dropped == ()
    assert patched.after == wanted
    assert applied_by_git(tmp_path, "ops.md", patched) == wanted


def test_second_patch_has_nothing_to_do() -> None:
    check = read(AFTER, "kubectl rollout status deployment/web -n production --timeout=60s")
    steps = (*steps_of_patched(AFTER), check)
    assert edited(AFTER, steps).edits == ()


def steps_of_patched(text: str) -> tuple[StepFacts, ...]:
    return (
        read(text, 'kubectl logs --tail=10000 deployment/web -n production | grep -i "fehler ü"'),
        scaled(text, "kubectl scale deployment web --replicas=3 -n production"),
        read(text, "curl --max-time 10 http://web:8080/health"),
        set_(text, "MAX_RETRIES", "2", "5"),
        set_(text, "STRICT", "true", "false"),
    )


@pytest.mark.parametrize(
    "name",
    ["ops.md", "docs/on call/ops 1.md", "docs/überlastet.md", 'a"b\\c.md', "tab\there.md", "$(rm)`x`;.md", "-f.md"],
)
def test_git_finds_the_document_by_any_name(name: str, tmp_path: Path) -> None:
    patched = edited(DOCUMENT, steps_of(DOCUMENT))
    assert applied_by_git(tmp_path, name, patched) == AFTER


COMMANDS = {
    "kubectl logs -f deployment/web": "kubectl logs --tail=10000 deployment/web",
    "kubectl logs deployment/web --follow=true -n a | grep x": "kubectl logs deployment/web --tail=10000 -n a | grep x",
    "kubectl get pods -n a -w": "kubectl get pods -n a",
    "kubectl rollout status deployment/web -n a": "kubectl rollout status --timeout=60s deployment/web -n a",
    "curl -s http://web:8080/ | grep ok": "curl --max-time 10 -s http://web:8080/ | grep ok",
    "kubectl logs \\\n  -f \\\n  deployment/web": "kubectl logs \\\n  --tail=10000 \\\n  deployment/web",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_bounded(command: str) -> None:
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Commands:**\n\n```bash\n{command}\n```\n"
    patched = edited(text, [followed(text, command)])
    assert patched.dropped == ()
    assert patched.after == text.replace(command, COMMANDS[command])


@pytest.mark.parametrize(
    "command",
    [
        "kubectl logs --tail=5 -f deployment/web",
        "kubectl logs -f deployment/web & kubectl logs -f deployment/api",
        "kubectl logs deployment/web -- '-f'",
        "watch kubectl get pods",
        "curl -m 5 http://web:8080/",
        "echo curl -f",
    ],
)
def test_what_cannot_be_bounded_for_certain_is_left_alone(command: str) -> None:
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Commands:**\n\n```bash\n{command}\n```\n"
    assert edited(text, [followed(text, command)]).after == text


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("$ kubectl scale deployment web --replicas=3 -n production", "a prompt stands before it"),
        ("kubectl scale deployment web --replicas=3 -n production  # why", "a comment stands behind it"),
    ],
)
def test_command_without_a_line_of_its_own_is_left_to_a_person(written: str, why: str) -> None:
    command = "kubectl scale deployment web --replicas=3 -n production"
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Commands:**\n\n```bash\n{written}\n```\n"
    patched = edited(text, [scaled(text, command)])
    assert patched.after == text, why
    assert [(each.kind, each.line) for each in patched.dropped] == [("check", 12), ("rollback", 12)]
    assert "kubectl scale deployment web --replicas=1 -n production" in patched.dropped[1].why


def test_variable_that_a_command_added_is_removed_by_its_rollback() -> None:
    command = "kubectl set env deployment/web A=1 B=2"
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Commands:**\n\n```bash\n{command}\n```\n"
    changed = ("deployment/web A (not set) -> 1", "deployment/web B 0 -> 2")
    patched = edited(text, [replace(scaled(text, command), changed=changed)])
    assert (
        "# Rollback: kubectl set env deployment/web A- B=0\nkubectl set env deployment/web A=1 B=2\n" in patched.after
    )


@pytest.mark.parametrize("value", ["a b", "`id`", "$(id)", "x; rm -rf /", "a'b", "a\nb", "ü", "<b>"])
def test_value_that_would_need_quotes_is_left_to_a_person(value: str) -> None:
    patched = edited(DOCUMENT, [set_(DOCUMENT, "MAX_RETRIES", value, "5")])
    assert [edit for edit in patched.edits if edit.kind == "toggle"] == []
    assert [each.line for each in patched.dropped] == [28]


def test_dead_names_of_deployments_and_services_are_corrected() -> None:
    commands = ("kubectl get deployment tool-servise -n a", "curl -m 5 http://gatewai:8080/health")
    block = "\n\n".join(commands)
    text = f"# Ops\n\n### WEB: Web\n\n**Symptoms:**\n\n- errors\n\n**Commands:**\n\n```bash\n{block}\n```\n"
    known = ("tool-service:8080", "gateway:8080", "web:80")
    errors = (
        'Error from server (NotFound): deployments.apps "tool-servise" not found',
        "curl: (6) Could not resolve host: gatewai",
    )
    steps = [
        replace(read(text, each), exit_status=1, pipestatus=(1,), stdout="", stderr=error, services=known)
        for each, error in zip(commands, errors, strict=True)
    ]
    after = text.replace("tool-servise", "tool-service").replace("gatewai", "gateway")
    assert edited(text, steps).after == after


def edit_at(text: str, old: str, new: str) -> Edit:
    return Edit("test", 1, "why", text.index(old), old, new, unchanged)


def test_edit_that_changes_another_meaning_is_not_made() -> None:
    wrong = edit_at(DOCUMENT, "--replicas=3", "--replicas=9")
    fence = edit_at(DOCUMENT, "```bash\n", "")
    right = edit_at(DOCUMENT, "# More replicas", "# Many replicas")
    patched = patch(DOCUMENT, [wrong, right, fence])
    assert patched.edits == (right,)
    assert patched.after == DOCUMENT.replace("# More", "# Many")
    assert [each.why for each in patched.dropped] == [
        "why: not changed, because it would change the meaning of something else"
    ] * 2


def test_two_edits_of_the_same_words_are_not_both_made() -> None:
    one, other = edit_at(DOCUMENT, "# More replicas", "# Many replicas"), edit_at(DOCUMENT, "More", "Most")
    patched = patch(DOCUMENT, [one, other])
    assert patched.edits == (one,)
    assert patched.dropped == (Dropped("test", 1, "why: not changed, because another edit changes the same words"),)


@pytest.mark.parametrize("name", ["ops.md", "on call.md", 'a"b.md'])
def test_names_are_written_as_git_writes_them(name: str, tmp_path: Path) -> None:
    file = repository(tmp_path, name, DOCUMENT)
    git(tmp_path, "add", "--", name)
    file.write_text(AFTER)
    wanted = git(tmp_path, "diff", "--", name).splitlines()
    heads = [line for line in wanted if not line.startswith("index ")][:3]
    assert git_patch(PurePosixPath(name), DOCUMENT, AFTER).splitlines()[:3] == heads


def test_patch_of_nothing_is_empty() -> None:
    assert git_patch(PurePosixPath("ops.md"), DOCUMENT, DOCUMENT) == ""
