"""RB202: a prompt in a block that is labelled as a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.lint.base import Edit, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS, Typed

_DOLLAR = lazy(r"\$\s+")


def _check(document: Document) -> Iterator[Hit]:
    """The first prompt, with the number of the other blocks that have some, and the edits of all of them."""
    found = [
        (typed, prompts)
        for typed in document.shell.typed
        if typed.block.lang in SHELLS and typed.prompts and (prompts := list(_prompts(typed)))
    ]
    if found:
        place, sign = found[0][1][0]
        more = f" (so do {len(found) - 1} more blocks)" if len(found) > 1 else ""
        edits = tuple(edit for typed, prompts in found for edit in _edits(typed, prompts))
        yield Hit(place, f"the prompt `{sign.strip()}` is part of the command when the block is copied{more}", edits)


def _edits(typed: Typed, prompts: Sequence[tuple[Place, str]]) -> tuple[Edit, ...]:
    dollars = all(_DOLLAR.fullmatch(sign) for _, sign in prompts)
    return tuple(Edit(place, "") for place, _ in prompts) if dollars and not typed.output else ()


def _prompts(typed: Typed) -> Iterator[tuple[Place, str]]:
    """The prompts of a block, each with its place."""
    for row, (line, column) in enumerate(zip(typed.lines, typed.columns, strict=True)):
        start = typed.block.columns[row]
        if line and column > start:
            yield Place(typed.first + row, start, column), typed.block.lines[row][: column - start]


RULE = Rule(
    code="RB202",
    name="copied-prompt",
    severity=Severity.NOTE,
    summary="A shell block has the prompt in front of its commands.",
    why="Pasted as it is, the shell looks for a program `$`. Remove the prompt, or label the block `console` if it "
    "shows a session "
    "with output.",
    fires="```bash\n$ kubectl get nodes\n```\n",
    silent="```console\n$ kubectl get nodes\nNAME   STATUS\nn1     Ready\n```\n",
    check=_check,
    fixable=True,
)
