"""Reads every Markdown document of folders and counts what the reader makes of their shell commands.

Usage: python benchmarks/runbook_reader.py FOLDER… [--list]

The commands are counted here without the reader: the lines of fenced shell blocks that begin a command. A block is one
by its language, or without a language by a prompt or a well-known program at the beginning of one of its lines.
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DocumentError
from harness.model import Document, Part
from harness.runbook import read

_FENCE = re.compile(r"^(?P<indent>[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*)(?P<ticks>`{3,}|~{3,})\s*(?P<lang>[^`]*)$")
_LANGUAGES = re.compile(r"(ba|z|k)?sh|shell(-?script|-?session)?|console|terminal|(bash|sh)-session", re.I)
_PROGRAM = re.compile(
    r"(sudo )?(kubectl|oc|helm|curl|docker|systemctl|journalctl|aws|gcloud|ssh|psql|vault|knife|bundle)\s"
)
_PROMPT = re.compile(r"^\s*[$%]\s+|^\[?[\w.-]+@[\w.-]+[^$#]{0,40}[$#]\s+")
_HEREDOC = re.compile(r"<<-?\s*\\?(['\"]?)(\w+)\1")


@dataclass
class Counts:
    """What was seen; `examples` are places by finding."""

    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    why: collections.Counter[str] = field(default_factory=collections.Counter)
    cpu_s: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)


def command_lines(text: str) -> Iterator[int]:
    """The line (1-based) of each command in a shell block."""
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if not opened:
            at += 1
            continue
        start = end = at + 1
        closing = re.compile(rf"^[ \t>]*{re.escape(opened['ticks'][0])}{{{len(opened['ticks'])},}}\s*$")
        while end < len(lines) and not closing.match(lines[end]):
            end += 1
        yield from _in_block(opened["lang"], lines[start:end], start + 1)
        at = end + 1


def _in_block(info: str, lines: Sequence[str], first: int) -> Iterator[int]:
    found = re.search(r"[\w-]+", info)
    shell = bool(found and _LANGUAGES.fullmatch(found[0]))
    prompted = any(_PROMPT.match(line) for line in lines)
    if not shell and (found or not (prompted or any(_PROGRAM.match(line.strip()) for line in lines))):
        return
    continued, until = False, ""
    for number, line in enumerate(lines, first):
        if until:
            until = "" if line.strip() == until else until
            continue
        begins = bool(_PROMPT.match(line)) if prompted else bool(line.strip()) and not line.lstrip().startswith("#")
        if not shell and not prompted:
            begins = bool(_PROGRAM.match(line.strip()))
        if begins and not continued:
            yield number
        heredoc = _HEREDOC.search(line)
        until = heredoc[2] if heredoc and (begins or continued) else ""
        continued = line.rstrip().endswith(("\\", "|", "&&")) and (begins or continued)


def covered(document: Document) -> tuple[set[int], dict[int, str]]:
    """The lines that are part of a step, and the lines that are listed as not understood, with the reason."""
    steps: set[int] = set()
    for book in document.runbooks:
        for part in (*book.commands, *book.toggles, *(each for action in book.actions for each in action.commands)):
            steps |= _lines(part)
    for part in document.general:
        steps |= _lines(part)
    return steps, {line: part.why for part in document.unread for line in _lines(part)}


def _lines(part: Part) -> set[int]:
    return set(range(part.line, part.line + part.text.count("\n") + 1))


def count(path: Path, counts: Counts, listing: bool) -> None:
    """Read one document, and add what was seen."""
    text = path.read_text(errors="replace")
    wanted = list(command_lines(text))
    counts.seen["documents"] += 1
    counts.seen["with shell block"] += bool(wanted)
    began = time.process_time()
    try:
        document = read(path)
    except DocumentError as error:
        counts.seen["refused"] += 1
        if wanted:
            counts.examples.append(f"REFUSED {error}")
        return
    except Exception as error:  # a crash is what is counted
        counts.seen["crashes"] += 1
        counts.examples.append(f"CRASH {path}: {error!r}")
        return
    finally:
        counts.cpu_s.append(time.process_time() - began)
    steps, listed = covered(document)
    with_steps = any(book.commands or book.toggles or book.actions for book in document.runbooks)
    with_commands = any(book.commands or any(a.commands for a in book.actions) for book in document.runbooks)
    counts.seen["with a runbook with steps"] += with_steps
    counts.seen["shell block: with a runbook with steps"] += bool(wanted) and with_steps
    counts.seen["shell block: with a runbook with commands"] += bool(wanted) and with_commands
    counts.seen["runbooks"] += len(document.runbooks)
    if wanted and not with_steps:
        counts.examples.append(f"NO STEPS {path}:{wanted[0]}")
    for line in wanted:
        how = "step" if line in steps else "listed" if line in listed else "lost"
        counts.seen["command lines"] += 1
        counts.seen[f"command lines: {how}"] += 1
        if how == "listed":
            counts.why[re.sub(r'".*"|`.*`|\d+', "…", listed[line])] += 1
        if how != "step" and listing:
            written = text.splitlines()[line - 1].strip()[:90]
            counts.examples.append(f"{how.upper()} {path}:{line}: {written}  ({listed.get(line, '')[:60]})")


def main() -> int:
    """Count, print, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="list every command line that is not a step")
    options = parser.parse_args()
    counts = Counts()
    for path in sorted(path for folder in options.folders for path in folder.rglob("*") if path.is_file()):
        count(path, counts, options.list)
    sys.stdout.writelines(f"{example}\n" for example in counts.examples)
    sys.stdout.writelines(f"{number:7}  {what}\n" for what, number in counts.seen.items())
    sys.stdout.writelines(f"{number:7}  listed: {why}\n" for why, number in counts.why.most_common(25))
    cpu_ms = sorted(1000 * each for each in counts.cpu_s)
    mean = sum(cpu_ms) / len(cpu_ms)
    sys.stdout.write(
        f"CPU per document: mean {mean:.2f} ms, median {cpu_ms[len(cpu_ms) // 2]:.2f}, most {cpu_ms[-1]:.0f}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
