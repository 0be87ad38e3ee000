"""Groups the lines of a block to statements as bash reads them: the shortest run of lines that is complete.

The syntax tree of a whole block is not enough: tree-sitter's grammar takes a command on the next line into the pipeline
above it, repairs a blank behind a backslash, ends a here-document at an indented word, and knows only one a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LONGEST_STATEMENT = 200
"""The most lines of one statement."""
_TOKEN = re.compile(
    r"""(?P<arithmetic>\(\((?:[^()]|\([^()]*\))*\)\))|(?P<string><<<)
    |<<(?P<tabs>-?)[ \t]*(?:'(?P<single>[^'\n]+)'|"(?P<double>[^"\n]+)"|\\?(?P<bare>[A-Za-z_][\w.-]*))
    |\\.|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|(?<!\S)\#[^\n]*""",
    re.X | re.S,
)
_ESCAPED_BLANK = re.compile(r"(?<!\\)((?:\\\\)*)\\[ \t]")
_QUOTED = re.compile(r"""(?<!\S)\#[^\n]*|\\.|'[^']*'|"(?:\\.|[^"\\])*"|`[^`]*`""", re.S)
_CONTINUED = re.compile(r"(?:\\|\||&&)\s*$")
_COMPOUND = re.compile(
    r"(?:^|[\s;&|(])(?:if|for|while|until|case|select|function|do|then|else|\[\[|\w+\s*\(\))(?=$|[\s;(])"
)
_BLANK_AT_END = re.compile(r"(?<!\\)(?:\\\\)*\\[ \t]+(?:#.*)?$")


@dataclass(frozen=True)
class Group:
    """The lines of one statement, from index `start` to before `end`."""

    start: int
    end: int
    whole: bool = True
    """Whether bash would run it; False for a line at which no complete statement begins."""
    unended: str = ""
    """The word that should end its here-document, where no line is that word; "" otherwise."""


@dataclass(frozen=True)
class _HereDocument:
    word: str
    tabs: bool

    def is_end(self, line: str) -> bool:
        return (line.lstrip("\t") if self.tabs else line) == self.word


class Grouping:
    """Finds the statement at a line. `complete` decides on a text without here-documents; at most `tries` times."""

    def __init__(self, lines: Sequence[str], complete: Callable[[str], bool], tries: int) -> None:
        self._lines, self._complete, self._tries = lines, complete, tries

    def at(self, start: int) -> Group:
        """The statement that begins at a line. Only a text that another line may complete is read on."""
        kept: list[str] = []
        row, known = start, 0
        while row < len(self._lines) and len(kept) < _LONGEST_STATEMENT and self._tries > 0:
            kept.append(self._lines[row])
            documents, skeleton = _without_here_documents("\n".join(kept))
            row += 1
            for document in documents[known:]:
                end = next((at for at in range(row, len(self._lines)) if document.is_end(self._lines[at])), None)
                if end is None:
                    return Group(start, len(self._lines), whole=False, unended=document.word)
                row = end + 1
            known = len(documents)
            if len(kept) == 1 or not is_open(skeleton):
                self._tries -= 1
                if self._complete(_ESCAPED_BLANK.sub(r"\1__", skeleton)):
                    return Group(start, row)
            if not may_go_on(skeleton):
                break
        return Group(start, start + 1, whole=False)


def is_open(text: str) -> bool:
    """Whether a quote or bracket of a text is open, or its last line is continued, so that bash reads another line."""
    plain = _QUOTED.sub("", text)
    return (
        any(sign in plain for sign in "'\"`")
        or plain.count("(") > plain.count(")")
        or plain.count("{") > plain.count("}")
        or bool(_CONTINUED.search(plain))
    )


def may_go_on(text: str) -> bool:
    """Whether another line may complete a text: it is open, or begins a compound command. Elsewhere an error stays."""
    return is_open(text) or bool(_COMPOUND.search(text))


def without_here_documents(text: str) -> tuple[str, bool]:
    """A text without the content of its here-documents, and whether one of them has no end yet."""
    lines, kept, row = text.split("\n"), [], 0
    while row < len(lines):
        documents, skeleton = _without_here_documents(lines[row])
        kept.append(skeleton)
        row += 1
        for document in documents:
            end = next((at for at in range(row, len(lines)) if document.is_end(lines[at])), None)
            if end is None:
                return "\n".join(kept), True
            row = end + 1
    return "\n".join(kept), False


def has_open_here_document(text: str) -> bool:
    """Whether the next line is content of a here-document."""
    return "<<" in text and without_here_documents(text)[1]


def has_blank_behind_backslash(text: str) -> bool:
    """Whether a backslash at a line's end has blanks behind it, so that the line ends there for bash."""
    return any(_BLANK_AT_END.search(line) for line in text.split("\n"))


def _without_here_documents(text: str) -> tuple[list[_HereDocument], str]:
    """The here-documents that a text begins, and the text without these redirections."""
    found: list[_HereDocument] = []

    def take(match: re.Match[str]) -> str:
        word = match["single"] or match["double"] or match["bare"]
        if not word:
            return match[0]
        found.append(_HereDocument(word, bool(match["tabs"])))
        return " " * len(match[0])

    return found, _TOKEN.sub(take, text)
