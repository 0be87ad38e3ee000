"""Which lines of code blocks and which inline code an operator types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.lint.page import Block, Page, Place, Span
from harness.runbook.console import begins_with_table, has_prompt, has_root_prompt, typed
from harness.runbook.programs import is_program, looks_run, looks_typed

SHELLS = frozenset({"bash", "sh", "shell", "zsh", "ksh", "dash", "terminal", "shellscript"})
CONSOLES = frozenset({"console", "shell-session", "shellsession", "sh-session", "bash-session", "shell-console"})
PLAIN = frozenset({"", "text", "plaintext", "txt", "plain", "none", "nohighlight"})
_SIGN = re.compile(r"(^|\s)--?\w|\||&&|^\.{0,2}/\S+\s|\$[({A-Z]")
_NO_SHELL = re.compile(r"^\s*(?:apiVersion:|kind:|[\w-]+:\s*$|\{\s*$|\[\s*$|<\w+|SELECT\b|import \w+$|def \w+\()", re.M)


@dataclass(frozen=True, slots=True)
class Typed:
    """The lines that are typed of a block: "" for output; `columns` is where each begins behind its prompt."""

    block: Block
    first: int
    lines: tuple[str, ...]
    columns: tuple[int, ...]
    prompts: bool
    """Whether lines had prompts."""
    output: tuple[int, ...] = ()
    """The lines of output."""


def typed_of(block: Block) -> Typed | None:
    """The typed lines of a block; None where it is no shell."""
    if block.lang in SHELLS or block.lang in CONSOLES:
        return _typed(block)
    if block.lang not in PLAIN or not any(line.strip() for line in block.lines):
        return None
    runs = any(looks_run(line) for line in block.lines if not line.lstrip().startswith("#"))
    if has_prompt(block.lines) or (not runs and has_root_prompt(block.lines)):
        return _typed(block)
    first = next(line for line in block.lines if line.strip())
    if not runs or begins_with_table(block.lines) or _NO_SHELL.match("\n".join(block.lines)):
        return None
    if not (looks_run(first) or first.lstrip().startswith("#")):
        return None
    return _only_run(_typed(block))


def _typed(block: Block) -> Typed:
    lines, output = typed(block.lines, block.first, session=block.lang in CONSOLES, shell=block.lang in SHELLS)
    columns = []
    prompts = False
    for written, line, column in zip(block.lines, lines, block.columns, strict=True):
        shift = len(written) - len(line) if line and written.endswith(line) else 0
        prompts = prompts or (shift > 0 and bool(written[:shift].strip()))
        columns.append(column + shift)
    return Typed(block, block.first, tuple(lines), tuple(columns), prompts, tuple(part.line for part in output))


def _only_run(found: Typed) -> Typed:
    """The lines that begin like a command, of a block that may have output between them."""
    kept: list[str] = []
    goes_on = False
    for line in found.lines:
        keeps = goes_on or looks_run(line) or line.lstrip().startswith("#")
        kept.append(line if keeps else "")
        goes_on = keeps and (line.endswith("\\") or (goes_on and line[:1] in " \t"))
    return Typed(found.block, found.first, tuple(kept), found.columns, found.prompts, found.output)


_LABEL = re.compile(r"^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:[A-Z][\w ,/()-]{2,50}:[ \t]+)?")


_TYPED = re.compile(
    r"[a-z][\w.-]* +[\w./$<-]\S*(?=.*(?:\s--?\w|\||&&|/|<))|(?:kubectl|oc|helm|docker|aws|systemctl) +[a-z]"
)
_SIGNS = (" -", "/", "|", "<", "&&", "\t-", "kubectl ", "oc ", "helm ", "docker ", "aws ", "systemctl ")
"""One of what `_TYPED` needs in a line."""
_ENGLISH = re.compile(r"\b(?:to|the|of|is|are|can|you|your|one|be|an?|this|that|with|will|should|if)\b|[.:,]$|\w: ")


@lru_cache(maxsize=1)
def unmarked(page: Page) -> tuple[Span, ...]:
    """The lines of prose that are commands, and that nothing marks as code."""
    return tuple(_unmarked(page))


def _unmarked(page: Page) -> Iterator[Span]:
    for number, (line, kind) in enumerate(zip(page.lines, page.kinds, strict=True), start=1):
        if kind != "p" or "`" in line or not any(sign in line for sign in _SIGNS):
            continue
        label = _LABEL.match(line)
        start = label.end() if label else 0
        text = line[start:].rstrip()
        if _TYPED.match(text) and is_program(text) and looks_typed(text) and not _ENGLISH.search(text):
            yield Span(Place(number, start + 1, len(line) + 1), text)


def is_command(code: str) -> bool:
    """Whether inline code is a command: a program with arguments."""
    if " " not in code.strip():
        return False
    return is_program(code) and (bool(_SIGN.search(code)) or _has_argument(code.split()))


def _has_argument(words: Sequence[str]) -> bool:
    return len(words) > 1 and words[0] not in ("make", "go", "host", "last", "time", "watch", "find", "expect", "which")
