"""The commands of a document as data: each with its words, their places, and what is around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from harness.lint.page import Block, Place
from harness.lint.typed import Typed
from harness.lint.words import Word


@dataclass(frozen=True, slots=True)
class Source:
    """The text of commands: the typed lines of a block, or inline code."""

    first: int
    lines: tuple[str, ...]
    columns: tuple[int, ...]
    block: Block | None
    labelled: bool
    """Whether the document says that it is shell."""

    def place(self, row: int, column: int, end: int) -> Place:
        """The place in the document of columns (0-based) of a row."""
        row = min(row, len(self.columns) - 1)
        return Place(self.first + row, self.columns[row] + column, self.columns[row] + max(end, column + 1))


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirection: its operator with file descriptor, and its target."""

    operator: str
    target: str
    place: Place


@dataclass(frozen=True, eq=False)
class Command:
    """One simple command: the program that does the work, behind `sudo`, `timeout 5` and the like.

    The command inside `kubectl exec … --`, `ssh HOST …` or `sh -c TEXT` is one of its own, whose `inside` names the
    outer program.
    """

    words: tuple[Word, ...]
    place: Place
    source: Source
    statement: int
    """The number of its statement in the document."""
    prefix: tuple[str, ...] = ()
    """The programs before it: sudo, timeout, watch, xargs, …"""
    inside: str = ""
    """kubectl, docker, ssh, sh: the program inside which it runs; "" for the operator's shell."""
    conditional: bool = False
    """Whether it runs only under a condition: in `if`, behind `&&` or `||`."""
    looped: bool = False
    nested: bool = False
    """Whether it is in a substitution `$(…)`, so that its output is not shown."""
    redirects: tuple[Redirect, ...] = ()

    @cached_property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].text.rsplit("/", 1)[-1]

    @cached_property
    def argv(self) -> tuple[str, ...]:
        """The text of every word without quotes."""
        return tuple(word.text for word in self.words)

    @cached_property
    def text(self) -> str:
        """The command as written, on one line."""
        return " ".join(word.raw for word in self.words)

    def has(self, *flags: str) -> bool:
        """Whether it has one of these options: `-f`, also in `-rf`; `--force`, also as `--force=x`."""
        return self.flag(*flags) is not None

    def flag(self, *flags: str) -> Word | None:
        """The word with one of these options, before `--`."""
        for word in self.words[1:]:
            if word.text == "--":
                return None
            if word.text[:1] == "-" and any(_is_flag(word.text, flag) for flag in flags):
                return word
        return None


def _is_flag(word: str, flag: str) -> bool:
    if flag.startswith("--"):
        return word == flag or word.startswith(f"{flag}=")
    return word == flag or (word[1:2] != "-" and flag[1] in word[1:] and word[1:].isalpha() and len(flag) == 2)


@dataclass(frozen=True)
class Pipeline:
    """Commands joined by `|`; most have one."""

    commands: tuple[Command, ...]

    @property
    def first(self) -> Command:
        return self.commands[0]


@dataclass(frozen=True)
class Shell:
    """Every command of a document."""

    pipelines: tuple[Pipeline, ...] = ()
    commands: tuple[Command, ...] = ()
    """With those inside of others."""
    assigned: frozenset[str] = frozenset()
    """Names of the variables that the document sets anywhere."""
    typed: tuple[Typed, ...] = ()
    open: tuple[tuple[Place, str, Source], ...] = ()
    """What is never closed in a statement."""
