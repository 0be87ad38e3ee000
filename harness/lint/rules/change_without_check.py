"""RB504: the last change of a section, with no check behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, is_change, section_end, shown
from harness.lint.patterns import lazy

_CHECKED = lazy(
    r"\b(?:verif\w+|validat\w+|confirm\w*|check\w*|make sure|ensure|monitor\w*|observ\w+|watch|wait\w*|expect\w*"
    r"|should|will (?:be|now|then)|healthy"
    r"|recover\w*|resolved?|success\w*|look (?:at|for)|see (?:that|if|whether)|test\w*|until|inspect|once (?:the|it"
    r"|all)|status|running state|ready)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    commands = document.commands
    for number, command in enumerate(commands):
        if command.source.block is None or not is_change(command) or command.inside or not _shows_effect(command):
            continue
        end = section_end(document, command.place.line)
        later = _has_later(commands, number, end)
        if later or _is_last_word(command):
            continue
        if _CHECKED.search("\n".join(document.lines[command.place.line : end])) or _checked_next(document, end):
            continue
        yield at(command, f"{shown(command.text)} is not followed by a check of its effect")


def _has_later(commands: Sequence[Command], number: int, end: int) -> bool:
    """Whether a command of a later statement follows up to a line."""
    for each in (commands[place] for place in range(number + 1, len(commands))):
        if each.place.line > end or each.statement != commands[number].statement:
            return each.place.line <= end
    return False


def _is_last_word(command: Command) -> bool:
    """Whether it takes something back or cleans up: its effect is that nothing is left to look at."""
    call = kubectl.read(command)
    return call is not None and (
        call.verb in ("create", "label", "annotate", "run", "cp") or call.sub in ("uncordon", "undo")
    )


def _shows_effect(command: Command) -> bool:
    """Whether the effect of a change can be looked at and the command does not wait for it itself."""
    if command.has("--wait", "--atomic", "--watch") or command.conditional or "watch" in command.prefix:
        return False
    return command.program not in ("aws", "terraform", "gcloud") and command.argv[:2] not in (
        ("helm", "install"),
        ("helm", "uninstall"),
    )


def _checked_next(document: Document, end: int) -> bool:
    """Whether the next section is the check."""
    after = document.heading_above(end + 1) if end < len(document.lines) else None
    below = "\n".join(document.lines[end : end + 40])
    return after is not None and after.line == end + 1 and bool(_CHECKED.search(below))


RULE = Rule(
    code="RB504",
    name="change-without-check",
    severity=Severity.WARNING,
    summary="A command changes the service, and nothing behind it checks the effect.",
    why="The next step builds on a change that may not have happened: the rollout hangs, the pod does not start. "
    "Follow it with "
    "`kubectl rollout status`, the health check, or the metric that has to fall.",
    fires="## Restart\n\n```bash\nkubectl rollout restart deployment/api -n shop\n```\n",
    silent="## Restart\n\n```bash\nkubectl rollout restart deployment/api -n shop\nkubectl rollout status "
    "deployment/api -n shop\n```\n",
    check=_check,
)
