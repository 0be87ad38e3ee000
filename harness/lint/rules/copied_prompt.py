"""RB202: a prompt in a block that is labelled as a script."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Edit, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS, Typed

_DOLLAR = lazy(r"\$\s+")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        if typed.block.lang not in SHELLS or not typed.prompts:
            continue
        prompts = list(_prompts(typed))
        if prompts:
            place, sign = prompts[0]
            dollars = all(_DOLLAR.fullmatch(each) for _, each in prompts)
            edits = tuple(Edit(each, "") for each, _ in prompts) if dollars and not typed.output else ()
            yield Hit(place, f"the prompt `{sign.strip()}` is part of the command when the block is copied", edits)


def _prompts(typed: Typed) -> Iterator[tuple[Place, str]]:
    """The prompts of a block, each with its place."""
    for row, (line, column) in enumerate(zip(typed.lines, typed.columns, strict=True)):
        start = typed.block.columns[row]
        if line and column > start:
            yield Place(typed.first + row, start, column), typed.block.lines[row][: column - start]


RULE = Rule(
    code="RB202",
    name="copied-prompt",
    severity=Severity.WARNING,
    summary="A shell block has the prompt in front of its commands.",
    why="Pasted as it is, the shell looks for a program `$`. Remove the prompt, or label the block `console` if it "
    "shows a session "
    "with output.",
    fires="```bash\n$ kubectl get nodes\n```\n",
    silent="```console\n$ kubectl get nodes\nNAME   STATUS\nn1     Ready\n```\n",
    check=_check,
    fixable=True,
)
