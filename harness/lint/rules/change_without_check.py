"""RB504: the last change of a section, with no check behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import at, is_change, is_incident_document, reads_as_english, section_end, shown
from harness.lint.patterns import lazy

_CHECKED = lazy(
    r"\b(?:verif\w+|validat\w+|confirm\w*|check (?:that|if|whether|the|again|it|for)|make sure|ensure|monitor\w*"
    r"|observ\w+|watch|wait\w*|expect(?:ed)?\b(?! to)|should (?:now )?(?:be|see|show|return|report|print|have)"
    r"|should start|will (?:be|now|then|detect)|healthy|recovers|until|inspect|once (?:the|it|all)|running state)\b",
    re.I,
)
_CHECK_HEADING = lazy(
    r"^\W*(?:\d+[.)]?\s*)?(?:(?:quick|final|post\S*) )?(?:verif\w+|validat\w+|confirm\w*|checks?|success criteria)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    commands = document.commands if reads_as_english(document) else ()
    checked_later = _last_check_section(document)
    for number, command in enumerate(commands):
        if command.source.block is None or not is_change(command) or command.inside or not _shows_effect(command):
            continue
        if command.program == "curl" and not is_incident_document(document):
            continue  # a tour of an API shows its answers
        end = section_end(document, command.place.line)
        if command.place.line < checked_later or _is_checked(commands, number, end) or _is_last_word(command):
            continue
        if _CHECKED.search(_prose_below(document, command.place.line, end)) or _checked_next(document, end):
            continue
        yield at(command, f"{shown(command.text)} is not followed by a check of its effect")


def _last_check_section(document: Document) -> int:
    """The line of the last section that is the check of what stands above it; 0 without one."""
    lines = [heading.line for heading in document.headings if _CHECK_HEADING.match(heading.text)]
    return max(lines, default=0)


def _is_checked(commands: Sequence[Command], number: int, end: int) -> bool:
    """Whether a later command up to a line looks at something, or changes something: then that is the one to check."""
    own = commands[number].statement
    for each in (commands[place] for place in range(number + 1, len(commands))):
        if each.place.line > end:
            return False
        if each.statement != own and (not is_change(each) or _shows_effect(each)):
            return True
    return False


def _prose_below(document: Document, line: int, end: int) -> str:
    """The text and the comments of code behind a line."""
    rest = zip(document.lines[line:end], document.kinds[line:end], strict=True)
    return "\n".join(
        text[text.find("#") :] if kind == "c" else text for text, kind in rest if kind != "c" or "#" in text
    )


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
    call = kubectl.read(command)
    if call is not None and call.verb == "delete" and "--filename" in call.options:
        return False  # cleans up: nothing is left to look at
    return command.program not in ("aws", "terraform", "gcloud") and command.argv[:2] not in (
        ("helm", "install"),
        ("helm", "uninstall"),
    )


def _checked_next(document: Document, end: int) -> bool:
    """Whether the next section is the check."""
    after = document.heading_above(end + 1) if end < len(document.lines) else None
    below = "\n".join(document.lines[end : end + 6])
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
