"""bash says which commands of a text it executes; the policy must have seen each of them, or have refused the text."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.bash.parse import parse
from harness.policy.check import refusals
from harness.policy.scope import Scope
from tests.support.bash_texts import Texts, executed

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is needed")
_MOST_REFUSED_SHARE = 0.2
"""Of texts in ordinary forms. Most of them have a here-document before another operator, which is not parsed."""


def unseen(texts: list[str], folder: Path) -> list[tuple[str, set[str]]]:
    """Return the texts that may run although they execute a command of which the policy has no knowledge."""
    missed = []
    for text, markers in zip(texts, executed(texts, folder), strict=True):
        seen: set[str] = set()
        refused = refusals(parse(text), Scope("production", lambda name, seen=seen: bool(seen.add(name))))
        if not refused and markers - seen:
            missed.append((text, markers - seen))
    return missed


def texts(seed: int, count: int, *, ordinary: bool = False) -> list[str]:
    """Return that many texts."""
    source = Texts(seed, ordinary=ordinary)
    return [source.text() for _ in range(count)]


def test_bash_executes_the_markers_of_a_text(tmp_path: Path) -> None:
    found = executed(["mark1 a; false && mark2; echo `mark3`", "if", "mark4 $(mark5"], tmp_path)
    assert found == [{"mark1", "mark3"}, set(), set()]


@pytest.mark.parametrize("ordinary", [False, True])
def test_no_command_of_a_text_is_overlooked(tmp_path: Path, ordinary: bool) -> None:
    assert unseen(texts(20260101, 1_000, ordinary=ordinary), tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_command_of_many_texts_is_overlooked(tmp_path: Path, seed: int) -> None:
    assert unseen(texts(seed, 5_000, ordinary=seed % 2 == 1), tmp_path) == []


def test_text_in_ordinary_forms_is_rarely_refused() -> None:
    made = texts(1, 500, ordinary=True)
    refused = [text for text in made if refusals(parse(text), Scope("production", lambda name: False))]
    assert len(refused) < _MOST_REFUSED_SHARE * len(made)
