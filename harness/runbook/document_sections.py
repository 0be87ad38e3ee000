"""Parses the sections of a document that is itself a runbook: by their content where their heading says too little."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from harness.model import Command, Part, Toggle
from harness.runbook import sections, toggles
from harness.runbook.blocks import Block, Code, Paragraph, Table
from harness.runbook.console import has_prompt, has_root_prompt
from harness.runbook.context import said
from harness.runbook.outline import Section
from harness.runbook.procedures import procedures
from harness.runbook.programs import looks_run
from harness.runbook.shell import CONSOLES, inline
from harness.runbook.synonyms import Kind

_PLAIN = {"", "text", "plaintext", "txt", "plain", "none", "output", "log", "logs", "nohighlight"}
"""Languages of a block that may be a session: those that say nothing, and those of output."""
_NO_SHELL = "a code block that does not say what is typed, and no line of it begins with a known program"
_LEFT = {Kind.EXPLANATION: "explains, but asks for nothing", Kind.ESCALATION: "is for people"}


def parts(section: Section) -> Iterator[Part]:
    """The parts of a section; nothing that looks like a command is left out."""
    blocks = [_by_content(block) for block in section.blocks]
    kind = section.kind
    if section.is_rollback:
        yield from sections.steps(_left_to_a_person(blocks, section, "is not the response"))
    elif kind in _LEFT:
        yield from _beside(section, blocks)
    elif kind is Kind.SYMPTOMS:
        yield from _with_commands(blocks, sections.symptoms)
    elif kind is Kind.DASHBOARDS:
        yield from _with_commands(blocks, sections.dashboards)
    elif kind is Kind.TOGGLES:
        found = list(toggles.read(blocks))
        yield from found if any(isinstance(part, Toggle) for part in found) else sections.steps(blocks)
    else:
        yield from (sections.actions if kind is Kind.ACTIONS else sections.steps)(blocks)


def _by_content(block: Block) -> Block:
    """A block without a language is a session where it has prompts, and shell where it begins with a program."""
    if not isinstance(block, Code) or block.lang not in _PLAIN | CONSOLES or block.output:
        return block
    written = [line for line in block.text.split("\n") if line.strip()]
    runs = any(looks_run(line) for line in written if not line.lstrip().startswith("#"))
    if has_prompt(written) or (not runs and has_root_prompt(written)):
        return replace(block, lang="console")
    if block.lang and block.lang not in CONSOLES:
        return block
    return replace(block, mixed=True) if runs else replace(block, output=_NO_SHELL)


def _beside(section: Section, blocks: Sequence[Block]) -> Iterator[Part]:
    """The parts of a section that is not for the response: its commands are left to a person."""
    code = [block for block in blocks if isinstance(block, Code) or _has_command(block)]
    kept = {id(block) for block in code}
    yield from sections.steps(_left_to_a_person(code, section, _LEFT[section.kind]))
    rest = [block for block in blocks if id(block) not in kept]
    if section.kind is Kind.EXPLANATION:
        yield from sections.prose(rest)
    else:
        yield from procedures(replace(section, blocks=rest))


def _left_to_a_person(blocks: Sequence[Block], section: Section, why: str) -> list[Block]:
    """The blocks with this reason, except those that a mark makes steps."""
    manual = f"it is in {said(section.name, section.line)}, which {why}"
    return [_with_manual(block, manual) for block in blocks]


def _with_manual(block: Block, manual: str) -> Block:
    if block.mark == "run" or block.manual:
        return block
    if isinstance(block, Table):
        rows = tuple(tuple(replace(cell, manual=cell.manual or manual) for cell in row) for row in block.rows)
        return replace(block, manual=manual, rows=rows)
    return replace(block, manual=manual)


def _with_commands(blocks: Sequence[Block], read: Callable[[Sequence[Block]], Iterator[Part]]) -> Iterator[Part]:
    """The parts of a section of items, and the commands in their inline code and between them."""
    for block in blocks:
        if isinstance(block, Code):
            yield from sections.steps([block])
            continue
        yield from read([block])
        if isinstance(block, Paragraph):
            yield from (part for part in inline(block) if isinstance(part, Command))


def _has_command(block: Block) -> bool:
    return isinstance(block, Paragraph) and any(isinstance(part, Command) for part in inline(block))
