"""Separates what an operator types from prompts and from the output of commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from harness.bash.lines import has_open_here_document, is_open, may_go_on, without_here_documents
from harness.bash.split import is_complete
from harness.model import Unread
from harness.runbook.programs import is_program

_CONTEXT = r"(?:\([^()]*\)\s*)*"
_PROMPT = re.compile(
    rf"^\s*{_CONTEXT}(?:"
    r"\[[\w.-]+@[\w.-]+[^\]]*\]\s?[$#%]"  # [user@host ~]$
    r"|[\w.-]+@[\w.-]+(?:[:\s][^$#%>]*)?[$#%>]"  # user@host:~#
    r"|(?:ba|z|k|da|a)?sh-[\d.]+[$#%]"  # sh-5.1$
    r"|PS\s[^>]*>"  # PS C:\>
    r"|[~/][\w./~-]*\s?[$%❯]"  # ~ $
    r"|➜\s+[\w~./-]+(?:\s+git:\(\S*\))?"  # ➜  ~
    r"|[$%❯»]"
    r")\s+"
)
"""A prompt whatever follows it."""
_LIKELY_PROMPT = re.compile(
    rf"^\s*(?:{_CONTEXT}[~/][\w./~-]*\s?#|{_CONTEXT}[a-zA-Z][\w.-]*[$#]|\([^()]*\)[^$#]*[$#])\s+"
)
"""A prompt if a program follows: `node-1#`, `/app #`."""
_ROOT, _POWERSHELL = re.compile(r"^\s*#\s+"), re.compile(r"^\s*>\s+")
"""A prompt in a session without any other: elsewhere a comment, and a continued line."""
_HEAD = r"[A-Z][A-Z0-9%/_.-]*(?:\([\w%]+\))?"
_TABLE_HEADER = re.compile(rf"\s*{_HEAD}(?:\s+{_HEAD})+\s*")
_CONTINUED = re.compile(r"^> ?")
_LONGEST_COMMAND = 200
"""The most lines of one command."""
OUTPUT = "output of the command above"


def begins_with_table(lines: Sequence[str]) -> bool:
    """Whether the first line of a block is the header of a table, such as `NAME   READY   STATUS`."""
    return bool(_TABLE_HEADER.fullmatch(next((line for line in lines if line.strip()), "")))


def has_prompt(lines: Sequence[str]) -> bool:
    """Whether a command stands behind a prompt in one of the lines."""
    return any(_stripped(line, [_PROMPT, _LIKELY_PROMPT]) for line in lines)


def has_root_prompt(lines: Sequence[str]) -> bool:
    """Whether a program stands behind `# ` in one of the lines, as behind the prompt of root."""
    return any(_stripped(line, [_ROOT]) for line in lines)


def without_prompt(line: str) -> str:
    """A line of inline code without its prompt."""
    return _stripped(line, [_PROMPT, _LIKELY_PROMPT, _POWERSHELL]) or line


def typed(lines: Sequence[str], first: int, *, session: bool, shell: bool) -> tuple[list[str], list[Unread]]:
    """The lines that are typed, without prompts and with "" for output, and the output; `first` is the first line.

    `session`: the block is one by its language; `shell`: it is shell by its language, so that `#` begins a comment.
    """
    prompts = _prompts(lines, session=session, shell=shell)
    if prompts:
        return _split(lines, first, lambda line: _stripped(line, prompts) or None, comments=_ROOT not in prompts)
    if any(_TABLE_HEADER.fullmatch(line) for line in lines):
        return _without_tables(lines, first)
    return list(lines), []


def _prompts(lines: Sequence[str], *, session: bool, shell: bool) -> list[re.Pattern[str]]:
    """The forms of prompt in a block; none where all of it is typed."""
    usual = [_PROMPT, _LIKELY_PROMPT]
    if any(_stripped(line, usual) for line in lines):
        return usual
    if any(is_program(line.strip()) for line in lines):
        return []
    output = any(line.strip() and not line.lstrip().startswith("#") for line in lines)
    if (session or (output and not shell)) and any(_stripped(line, [_ROOT]) for line in lines):
        return [_ROOT]
    return [_POWERSHELL] if any(_stripped(line, [_POWERSHELL]) for line in lines) else []


def _stripped(line: str, prompts: Sequence[re.Pattern[str]]) -> str:
    """The text behind the prompt; "" without one. Behind a prompt that is not certain there must be a program."""
    for prompt in prompts:
        found = prompt.match(line)
        if found and (prompt is _PROMPT or is_program(line[found.end() :])):
            return line[found.end() :]
    return ""


def _split(
    lines: Sequence[str], first: int, behind_prompt: Callable[[str], str | None], *, comments: bool
) -> tuple[list[str], list[Unread]]:
    found: list[str] = []
    output: list[Unread] = []
    open_command = ""
    for number, line in enumerate(lines, start=first):
        inside = has_open_here_document(open_command)
        text = None if inside else behind_prompt(line)
        if text is not None or open_command:
            found.append(line if inside else _CONTINUED.sub("", line) if text is None else text)
            open_command = _still_open(open_command, found[-1])
        else:
            found.append(line if comments and line.lstrip().startswith("#") else "")
            output += [] if found[-1] or not line.strip() else [Unread(number, line, OUTPUT)]
    return found, output


def _without_tables(lines: Sequence[str], first: int) -> tuple[list[str], list[Unread]]:
    """A line in capitals between commands is the header of their output, which ends at a blank line."""
    found: list[str] = []
    output: list[Unread] = []
    open_command, inside = "", False
    for number, line in enumerate(lines, start=first):
        inside = bool(line.strip()) and not open_command and (inside or bool(_TABLE_HEADER.fullmatch(line)))
        if inside:
            output.append(Unread(number, line, OUTPUT))
        else:
            open_command = _still_open(open_command, line)
        found.append("" if inside else line)
    return found, output


def _still_open(before: str, line: str) -> str:
    """The command that a line leaves open; "" where it is complete, or no further line can complete it."""
    command = f"{before}\n{line}" if before else line
    if before.count("\n") > _LONGEST_COMMAND:
        return ""
    skeleton, unended = without_here_documents(command)
    if unended or is_open(skeleton):
        return command
    return command if may_go_on(skeleton) and not is_complete(command) else ""
