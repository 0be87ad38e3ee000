"""A parsed bash text: its commands, words, redirections and assignments."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word. `text` has its quotes removed; expansions stay in it as written (`$POD`)."""

    raw: str
    text: str
    variables: tuple[str, ...] = ()
    """Names of the variables that the word expands."""
    computed: bool = False
    """Whether bash computes a part of it at run time (an expansion or a substitution)."""
    quoted: bool = False
    """Whether all of it is in double quotes, so that its expansions cannot split it into several words."""
    splits: bool = False
    """Whether an expansion is outside of double quotes, so that its value can become several words and options."""

    @property
    def head(self) -> str:
        """The part before the first expansion."""
        return self.text if not self.computed else re.split(r"[$`]", self.text, maxsplit=1)[0]


@dataclass(frozen=True)
class Redirect:
    """`operator` without its file descriptor (`>`, `>>`, `<`, `&>`, `>&`, `<<`, `<<<`); the `target` of a
    here-document is its text."""

    operator: str
    target: Word


@dataclass(frozen=True)
class Call:
    """One simple command: `words[0]` is its program; no words where it only assigns variables."""

    words: tuple[Word, ...]

    @property
    def program(self) -> str:
        """The first word; "" without words."""
        return self.words[0].text if self.words else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words after the program."""
        return self.words[1:]

    @property
    def argv(self) -> tuple[str, ...]:
        """The text of every word."""
        return tuple(word.text for word in self.words)


@dataclass(frozen=True)
class Script:
    """A bash text and its parse. Plan, policy, runner and session pass it on, so that a text is parsed once."""

    text: str
    line: int
    """The 1-based line of the document where the text starts; 0 for a text that is in no document."""
    calls: tuple[Call, ...]
    """Every simple command, at any depth (loops, functions, substitutions)."""
    last: tuple[Call, ...]
    """The stages of the last pipeline to run, in the order of PIPESTATUS; empty if that is not one plain pipeline."""
    redirects: tuple[Redirect, ...]
    assignments: tuple[tuple[str, Word], ...]
    functions: frozenset[str]
    """Names of the functions that it defines."""
    arithmetic: tuple[str, ...]
    """Every text that bash computes with: `$((…))`, `((…))`, subscripts, and the operands of `-eq` in `[[ … ]]`."""
    constructs: frozenset[str]
    """Of: background, process_substitution, arithmetic, indirection, chain (`a && b`)."""
    doubts: tuple[str, ...]
    """Where the parse is uncertain: a syntax error, or a word that may hide something."""
