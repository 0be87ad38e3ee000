"""Splits shell text into statements by one pass over its tokens, so that a broken line spoils no other one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<line>\n)|(?P<escape>\\(?:\n|.))|(?P<quoted>'[^']*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`)|(?P<open>['"`])"""
    r"""|(?P<comment>(?<![^\s;|&(])\#[^\n]*)|(?P<here><<-?[ \t]*(?P<quote>['"\\]?)(?P<end>[A-Za-z_]\w*)['"]?)"""
    r"""|(?P<paren>[(){}])|(?P<joint>\|[|&]?|&&|;;?)|(?P<word>[A-Za-z_][\w.-]*)"""
)
_OPENS = {"if", "for", "while", "until", "case", "select"}
_CLOSES = {"fi", "done", "esac"}
_LONGEST = 300
"""The most lines of one statement."""
_BEFORE_COMMAND = re.compile(r"(?:^|[\n;|&({]|\b(?:then|do|else|elif))\s*$")


@dataclass(frozen=True, slots=True)
class Statement:
    """The rows of one statement, from index `start` to before `end`. `open`: what is never closed in it, or ""."""

    start: int
    end: int
    open: str = ""


def statements(lines: Sequence[str]) -> list[Statement]:
    """The statements of shell lines; a line in which something is never closed is one by itself."""
    found: list[Statement] = []
    at = 0
    tries = 0
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        end, left = _end(lines, at) if tries < 50 else (at + 1, "")
        tries += bool(left)
        found.append(Statement(at, end, left))
        at = end
    return found


def _end(lines: Sequence[str], start: int) -> tuple[int, str]:
    """The row behind the statement that begins at a row, and what is not closed in it."""
    if _is_simple(lines[start]):
        return start + 1, ""
    text = "\n".join(lines[start : start + _LONGEST])
    state = _State()
    for token in _TOKEN.finditer(text):
        if state.add(token, text):
            return start + 1 + text.count("\n", 0, token.start()), ""
    rows = text.count("\n") + 1
    if state.left:
        return _joined(lines, start), state.left
    return start + rows, ""


_SPECIAL = re.compile(r"[\\'\"`(){}<]|[|&]\s*$|\b(?:if|for|while|until|case|select)\b")


def _is_simple(line: str) -> bool:
    return not _SPECIAL.search(line)


def _joined(lines: Sequence[str], start: int) -> int:
    """The row behind the lines that backslashes join."""
    end = start
    while end < len(lines) - 1 and lines[end].endswith("\\"):
        end += 1
    return end + 1


class _State:
    """What is open at a token."""

    def __init__(self) -> None:
        self._parens: list[str] = []
        self._compounds = 0
        self._goes_on = False
        self._here: list[str] = []
        self._skip_to = 0
        self.left = ""

    def add(self, token: re.Match[str], text: str) -> bool:
        """Take one token; True where the statement ends."""
        kind = token.lastgroup
        if token.start() < self._skip_to:
            return False
        if kind == "line":
            return self._line(token, text)
        if kind == "open":
            self.left = self.left or f"the quote {token[0]}"
        elif kind == "paren":
            self._paren(token[0])
        elif kind in ("end", "quote", "here"):
            self._here.append(token["end"])
        elif kind == "word":
            self._word(token, text)
        if kind not in ("comment",):
            self._goes_on = kind == "joint" and token[0] in ("|", "||", "&&", "|&")
        self._note()
        return False

    def _note(self) -> None:
        if not self.left.startswith("the quote"):
            self.left = (
                f"the here-document {self._here[0]}" if self._here
                else f"the bracket {self._parens[-1]}" if self._parens
                else "a loop or condition" if self._compounds else ""
            )  # fmt: skip

    def _line(self, token: re.Match[str], text: str) -> bool:
        if self._here:
            self._skip_here(token.end(), text)
            return False
        return not (self._parens or self._compounds or self._goes_on or self.left)

    def _skip_here(self, at: int, text: str) -> None:
        for word in self._here:
            found = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*$", re.M).search(text, at)
            if found is None:
                self.left = f"the here-document {word}"
                self._skip_to = len(text)
                return
            at = found.end()
        self._here = []
        self._skip_to = at
        self.left = ""

    def _paren(self, sign: str) -> None:
        if sign in "({":
            self._parens.append(sign)
        elif self._parens and self._parens[-1] == {")": "(", "}": "{"}[sign]:
            self._parens.pop()

    def _word(self, token: re.Match[str], text: str) -> None:
        word = token[0]
        if word in _OPENS and _BEFORE_COMMAND.search(text[max(0, token.start() - 20) : token.start()]):
            self._compounds += 1
        elif word in _CLOSES and self._compounds:
            self._compounds -= 1
