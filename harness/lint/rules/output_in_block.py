"""RB203: output between the commands of a shell block."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy
from harness.lint.statements import statements
from harness.lint.typed import SHELLS, Typed
from harness.runbook.programs import is_program

_OUTPUT = lazy(
    r"\s*(?:\+-{3,}\+|\|(?: [^|]*\|)+\s*$|\d{1,3}(?:\.\d{1,3}){3}[:\s]|Error from server"
    r"|[A-Z][a-z]+ [a-z]+ (?:at|is|to|as|in|by|for) "
    r"|[\w.-]+/[\w.-]+ (?:created|configured|unchanged|scaled|restarted|patched|deleted|cordoned)\s*$)"
)
_OBJECT = lazy(r"\s*[{\[]\s*$")
_MEMBER = lazy(r"\s*(?:\"[^\"]+\"\s*:|\{\s*$)")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        if typed.block.lang not in SHELLS or not any(typed.lines):
            continue
        line = typed.output[0] if typed.output else _first_output(typed)
        if line:
            text = document.lines[line - 1].strip()
            yield Hit(whole_line(document, line), f"{shown(text)} is output, but stands in a block of commands")


def _first_output(typed: Typed) -> int:
    """The line of what no command begins with, behind a command of the same block; 0 without one."""
    if not any(_OUTPUT.match(line) or _OBJECT.match(line) for line in typed.lines):
        return 0
    has_command = False
    for statement in statements(typed.lines):
        line = typed.lines[statement.start]
        below = typed.lines[statement.start + 1] if statement.start + 1 < len(typed.lines) else ""
        is_object = bool(_OBJECT.match(line)) and bool(_MEMBER.match(below))
        if has_command and (is_object or _OUTPUT.match(line)):
            return typed.first + statement.start
        has_command = has_command or is_program(line)
    return 0


RULE = Rule(
    code="RB203",
    name="output-in-block",
    severity=Severity.WARNING,
    summary="A shell block mixes commands with their output.",
    why="Pasted as a whole, the output is run as commands. Put it into a block of its own, or label the block "
    "`console`.",
    fires="```bash\nkubectl get nodes\nNAME   STATUS   ROLES\nn1     Ready    worker\n```\n",
    silent="```bash\nkubectl get nodes\n```\n\n```text\nNAME   STATUS   ROLES\nn1     Ready    worker\n```\n",
    check=_check,
)
