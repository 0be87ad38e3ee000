"""Contract of a paper, and what all papers are made from. Members are entry points of the group `gameday.papers`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.postmortem.patching import Patched
from harness.verdict.gameday import GamedayResult


@dataclass(frozen=True)
class Incident:
    """The result of a run, and what can be changed in its document."""

    result: GamedayResult
    patched: Patched
    no_patch: str
    """Why there is no patch; "" where there is one."""


@dataclass(frozen=True)
class Paper:
    """One paper in Markdown. The entry point refers to an instance, and has its name."""

    name: str
    file_name: str
    procedure: str
    """The words by which a post-incident procedure of a document asks for this paper: a regular expression."""
    render: Callable[[Incident], str]
    """Returns the whole text, with a newline at its end. Pure."""
