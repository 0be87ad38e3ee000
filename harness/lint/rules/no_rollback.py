"""RB102: a document whose changes have to be taken back, and that does not say how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.engine import top
from harness.lint.facts import changes, is_incident_document
from harness.lint.patterns import lazy

_BACK = lazy(
    r"\b(?:roll(?:ing|ed)?[- ]?back|revert\w*|undo|back[- ]?out|back to (?:the )?(?:original"
    r"|previous|default|its)"
    r"|original (?:value|setting|number|state|replica)\w*|previous (?:value|version|setting|state|revision)|scale "
    r"(?:it )?(?:back|down)"
    r"|re-?enable|uncordon|un-?silence|reset (?:it|to)|remove the (?:override|silence|change|limit|flag))\b",
    re.I,
)
_BACK_HINTS = (
    "back", "revert", "undo", "original", "previous", "enable", "cordon", "silence", "reset", "remove the", "scale ",
)  # fmt: skip
_RELEASE = lazy(
    r"rollout undo|rollout\b|helm rollback|roll(?:ing|ed)?[- ]?back "
    r"(?:the |to (?:the )?)?(?:bad |last |recent |previous )?"
    r"(?:deploy\w*|version|release|revision|if |procedure)|coordinate rollback|#.*rollback|rollback (?:proc|deploy)",
    re.I,
)
"""Lines that go back to an earlier release."""
_REVERSIBLE = {
    "kubectl": ("scale", "set", "patch", "cordon", "edit", "annotate", "label", "taint", "autoscale"),
    "helm": ("upgrade",),
    "terraform": ("apply",),
    "systemctl": ("stop", "disable", "mask"),
    "redis-cli": ("CONFIG", "config"),
    "ufw": ("allow", "deny", "delete"),
    "openstack": ("set", "remove"),
}


def _check(document: Document) -> Iterator[Hit]:
    made = [
        command for command in changes(document) if _is_reversible(command) and not _is_started_again(document, command)
    ]
    if made and is_incident_document(document) and not _says_how(document):
        first = made[0]
        what = f"`{' '.join(first.argv[:3])}` on line {first.place.line}"
        yield Hit(top(document), f"the document does not say how to take its changes back, such as {what}")


def _says_how(document: Document) -> bool:
    """Whether a line takes back more than a release: `kubectl rollout undo` restores no scale, limit or variable."""
    lines = (document.lines[number - 1] for number in document.lines_with(*_BACK_HINTS))
    return any(_BACK.search(line) and not _RELEASE.search(line) for line in lines)


def _is_started_again(document: Document, command: Command) -> bool:
    """Whether a service that is stopped is started by the document as well."""
    return command.program == "systemctl" and f"start {command.argv[-1]}" in document.text


def _is_reversible(command: Command) -> bool:
    call = kubectl.read(command)
    if call is not None:
        return call.verb in _REVERSIBLE["kubectl"] or call.sub in ("cordon", "taint")
    if command.program == "curl":
        return any(word in ("PUT", "PATCH") for word in command.argv)
    reach = 6 if command.program == "openstack" else 3
    return any(word in _REVERSIBLE.get(command.program, ()) for word in command.argv[1:reach])


RULE = Rule(
    code="RB102",
    name="no-rollback",
    severity=Severity.WARNING,
    summary="A document makes reversible changes and does not say how to take them back.",
    why="Emergency values stay for months, and a remedy that makes things worse cannot be undone quickly. Write the "
    "old value or the "
    "command that takes each change back, and when to run it.",
    fires="# Runbook: overload\n\n```bash\nkubectl scale deployment/api --replicas=9 -n shop\n```\n",
    silent="# Runbook: overload\n\n```bash\nkubectl scale deployment/api --replicas=9 -n shop\n```\n\n## "
    "Rollback\n\nScale down to 3.\n",
    check=_check,
)
