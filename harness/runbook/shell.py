"""Extracts commands from code: fenced and indented blocks with comments, console sessions, inline code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.bash.split import Leftover, Statement, split
from harness.model import Command, Unread
from harness.runbook.blocks import Code, Paragraph
from harness.runbook.cases import case_of
from harness.runbook.comments import comments_above
from harness.runbook.console import begins_with_table, typed, without_prompt
from harness.runbook.context import said, with_commands_as_signs
from harness.runbook.inline import text_of
from harness.runbook.items import unread
from harness.runbook.programs import is_program, looks_run
from harness.runbook.roles import Effect, effect_of
from harness.runbook.wording import above, around

SHELLS = {"bash", "sh", "shell", "zsh", "ksh", "dash", "terminal", "shellscript"}
CONSOLES = {"console", "shell-session", "shellsession", "sh-session", "bash-session", "shell-console"}
_SHELL_SIGN = re.compile(r"(^|\s)--?\w|\||&&|^\.{0,2}/\S+\s|\$[({A-Z]")
_OUTPUT_OF = re.compile(
    r"(?:^|[.:] )\W*(?:(?:the|expected|example|sample) )*(?:output|response|result) (?:of|from)\s*$", re.I
)
_RUN_VERB = re.compile(r"(:|\b(run|execute|use|using|with|via|by|try|issue|type|invoke|do))\s*$", re.I)


def commands(block: Code, title: str = "") -> Iterator[Command | Unread]:
    """The commands of a code block; `title` is the title of the first one if it has no comment."""
    if not block.closed:
        yield Unread(block.line, f"```{block.lang}", "this fence is not closed: the document may be cut off here")
    if block.lang and block.lang not in SHELLS | CONSOLES:
        yield unread(block, f"a code block of {block.lang}, not of shell")
        return
    written = block.text.split("\n")
    if block.output or begins_with_table(written):
        yield unread(block, block.output or "output: it begins with the header of a table")
        return
    lines, output = typed(written, block.first, session=block.lang in CONSOLES, shell=block.lang in SHELLS)
    typed_parts = tuple(_typed(part, block) for part in _located(split("\n".join(lines)), block.first))
    found = [*_decided(typed_parts, lines, block), *output]
    for part in sorted(found, key=lambda part: part.line):
        yield replace(part, title=part.title or title) if isinstance(part, Command) else part
        title = "" if isinstance(part, Command) else title


def _typed(part: Command | Unread, block: Code) -> Command | Unread:
    """The part; of a block in which output may stand between the commands, only what begins like a command is one."""
    if isinstance(part, Unread) or not block.mixed or looks_run(part.text):
        return part
    return Unread(part.line, part.text, "it begins with no known program, so that it may be output: not run")


def inline(paragraph: Paragraph) -> Iterator[Command | Unread]:
    """The commands in the inline code of a paragraph. Code that names something (`MAX_RETRIES`) is not a command."""
    for at, span in enumerate(paragraph.spans):
        if span.code is not None and _is_command(span.code, text_of(paragraph.spans[:at])):
            manual = _why_manual(paragraph, at)
            for part in _located(split(without_prompt(span.code)), span.line):
                yield replace(part, manual=manual) if isinstance(part, Command) else part


def _why_manual(paragraph: Paragraph, at: int) -> str:
    """Why the inline command at this span is left to a person: what governs the paragraph, or the words beside it."""
    span = paragraph.spans[at]
    if paragraph.mark or paragraph.manual:
        return paragraph.manual
    if span.struck:
        return f"it is struck through (line {span.line})"
    before = with_commands_as_signs(replace(paragraph, spans=paragraph.spans[:at]))
    return span.manual or said(around(with_commands_as_signs(paragraph), len(before)), span.line)


def _decided(found: Sequence[Command | Unread], lines: Sequence[str], block: Code) -> Iterator[Command | Unread]:
    """The parts of a block; its commands are left to a person where the block is, or the comment above them says so."""
    rows = {part.line - block.first: part.text.count("\n") + 1 for part in found if isinstance(part, Command)}
    comments = comments_above(lines, rows)
    for part in found:
        if isinstance(part, Command) and not block.mark and not block.manual:
            row, text = comments.get(part.line - block.first, (0, ""))
            words = said(above(text), block.first + row) or said(above(part.title), part.line)
            yield replace(part, manual=words or _case(part, block, text, block.first + row))
        else:
            yield replace(part, manual=block.manual) if isinstance(part, Command) else part


def _case(command: Command, block: Code, comment: str, line: int) -> str:
    """Why a command that changes something is left to a person: the case of its block or of the comment above it."""
    if block.case is None or effect_of(command.text) is Effect.READS:
        return ""
    return said(case_of(comment), line) or said(case_of(command.title), command.line) or block.case


def title_of(paragraph: Paragraph, found: Iterable[Command | Unread]) -> str:
    """The text of a paragraph without its commands."""
    texts = {part.text for part in found}
    return text_of([span for span in paragraph.spans if span.code is None or span.code not in texts]).rstrip(" :–—-")


def _is_command(code: str, before: str) -> bool:
    if _OUTPUT_OF.search(before):
        return False
    if is_program(without_prompt(code)):
        return True
    introduced = not before or _RUN_VERB.search(before)
    return " " in code.strip() and bool(introduced or _SHELL_SIGN.search(code))


def _located(found: Iterable[Statement | Leftover], first: int) -> Iterator[Command | Unread]:
    for part in found:
        if isinstance(part, Leftover):
            yield Unread(first + part.line - 1, part.text, part.why)
        else:
            yield Command(first + part.line - 1, part.text, part.title)
