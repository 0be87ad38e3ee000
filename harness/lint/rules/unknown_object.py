"""RB901: an object that the platform does not have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.nearest import nearest
from harness.lint.page import Place
from harness.lint.patterns import lazy
from harness.lint.platform import CHECKED

_LITERAL = lazy(r"[a-z0-9][a-z0-9.-]*")
_STANDS_FOR_ONE = lazy(r"(?:service|pod|deployment|container|app|name)-name|your-|my-")


def _check(document: Document) -> Iterator[Hit]:
    platform = document.outside.platform
    if platform is None:
        return
    for call in kubectl.calls(document):
        if call.kind not in (*CHECKED, "pod") or (call.is_change and call.verb in ("create", "apply", "run")):
            continue
        for name in call.names:
            literal = _LITERAL.fullmatch(name) and not _STANDS_FOR_ONE.search(name)
            if literal and not platform.has(call.kind, name):
                fact = f"there is no {call.kind} `{name}` on the platform{nearest(name, platform.names(call.kind))}"
                yield Hit(_place(call.command, name), fact)


def _place(command: Command, name: str) -> Place:
    found = next((word for word in command.words if word.text.rsplit("/", 1)[-1] == name), None)
    return found.place if found else command.place


RULE = Rule(
    code="RB901",
    name="unknown-object",
    severity=Severity.ERROR,
    summary="A command names an object that the platform does not have (with `--platform`, `--manifests` or "
    "`--context`).",
    why="The Deployment was renamed or removed since: the step fails in the incident. Correct the name.",
    fires="```bash\nkubectl rollout status deployment/api-gatway -n production\n```\n",
    silent="```bash\nkubectl rollout status deployment/api-gateway -n production\n```\n",
    check=_check,
    on_platform=True,
)
