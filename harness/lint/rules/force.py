"""RB503: a command that skips the safety of the system."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import asked, at, has_guard, is_dry, shown
from harness.lint.patterns import lazy

_NO_FINALIZERS = lazy(r"finalizers\W{1,4}(?:null|\[\s*\])|remove\W+path\W+/metadata/finalizers|/metadata/finalizers")


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        what = _forces(command)
        if what and not is_dry(command) and not has_guard(document, command):
            yield at(command, f"{shown(command.text)} {what}, and nothing says when that is safe")


def _forces(command: Command) -> str:
    call = kubectl.read(command)
    if call is not None:
        return _kubectl(call)
    argv = command.argv
    if command.program in ("kill", "pkill", "killall"):
        hard = any(word in ("-9", "-KILL", "-SIGKILL", "-s9") for word in argv[1:]) or "KILL" in argv[1:3]
        return "kills the process without letting it finish" if hard else ""
    if command.program == "terraform" and argv[1:2] in (("apply",), ("destroy",)):
        return (
            "changes the infrastructure without showing a plan"
            if "-auto-approve" in argv or "--auto-approve" in argv
            else ""
        )
    if command.program == "helm" and command.has("--force", "--no-hooks"):
        return "replaces resources by deleting them"
    if command.program == "git":
        return (
            "throws local changes away"
            if argv[1:3] in (("reset", "--hard"), ("clean", "-fd"), ("clean", "-fdx"))
            else ""
        )
    return (
        "skips the question of the tool"
        if command.program in ("ceph", "nodetool", "patronictl", "gitlab-ctl")
        and command.has("--force", "--yes-i-really-mean-it", "--yes-i-really-really-mean-it")
        else ""
    )


def _kubectl(call: kubectl.Kubectl) -> str:
    options = call.options
    if call.verb == "delete" and (
        "--force" in options or options.get("--grace-period") in ("0", "1") or "--now" in options
    ):
        return "removes the object without waiting for its process to end"
    if "drain" in (call.verb, call.sub) and ("--force" in options or "--disable-eviction" in options):
        return "deletes pods that nothing recreates, past their disruption budgets"
    if _removes_finalizers(call):
        return "removes the finalizers: what they were to clean up stays behind"
    if call.verb == "replace" and "--force" in options:
        return "deletes the object before it creates it again"
    return ""


def _removes_finalizers(call: kubectl.Kubectl) -> bool:
    if call.verb == "replace" and call.options.get("--raw", "").endswith("/finalize"):
        return True
    patch = call.options.get("--patch", "")
    return call.verb == "patch" and bool(_NO_FINALIZERS.search(patch))


RULE = Rule(
    code="RB503",
    name="force",
    severity=Severity.WARNING,
    summary="A command skips a safety of the system without saying when that is right.",
    why="Two pods may write to one volume, a half-written file stays, a budget is broken. Try the ordinary way first, "
    "and say when force "
    "is needed and what it may cost.",
    fires="Remove the pod:\n\n```bash\nkubectl delete pod db-0 -n shop --grace-period=0 --force\n```\n",
    silent="Only if the node is gone and does not come back:\n\n```bash\nkubectl delete pod db-0 -n shop "
    "--grace-period=0 --force\n```\n",
    check=_check,
)
