"""Plain English in code, tests and documentation: a list of phrases that are not used."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gameday import ROOT

PHRASES = (
    *("whoever", "heretofore", "anew", "amiss", "taught", "besides", "the eyes", "by then", "twins?"),
    *("what (becomes|became|came) of", "(may|can) be called twice", "is asked once more"),
    *("held (against|to) (the|a|its|it)", "mend(s|ed|ing)?", "told", "tells"),
    *("somebody", "anybody", '(?<![`"])nobody'),  # `nobody` and "nobody" are the user account
)
FORBIDDEN = re.compile(rf"\b({'|'.join(PHRASES)})\b", re.IGNORECASE)
SUFFIXES = {".py", ".md", ".toml", ".yaml", ".yml", ".sh"}
ELSEWHERE = ("tests/data/", "runbooks/", "tests/project/test_language.py", "CHANGELOG.md")
"""Texts of others, and this list."""


def tracked_files() -> Iterator[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if Path(name).suffix in SUFFIXES and not name.startswith(ELSEWHERE) and (ROOT / name).is_file():
            yield ROOT / name


def phrases(text: str) -> Iterator[tuple[int, str]]:
    """Line number and phrase of each forbidden phrase."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in FORBIDDEN.finditer(line.replace("_", " ")):
            yield number, match[0]


def test_no_file_has_a_forbidden_phrase() -> None:
    places = [
        f"{path.relative_to(ROOT)}:{number}: {phrase}"
        for path in tracked_files()
        for number, phrase in phrases(path.read_text())
    ]
    assert places == []


@pytest.mark.parametrize("text", ["def what_becomes_of_it(): ...", "It may be called twice.", "# Mended anew."])
def test_forbidden_phrase_is_found(text: str) -> None:
    assert list(phrases(text))


def test_name_of_the_user_account_is_allowed() -> None:
    assert not list(phrases("It runs as the user `nobody`."))
    assert list(phrases("Nobody knows."))


def test_every_module_has_a_docstring() -> None:
    modules = [path for path in tracked_files() if path.suffix == ".py" and path.name != "__init__.py"]
    assert len(modules) > 300
    missing = [
        path.relative_to(ROOT).as_posix() for path in modules if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert missing == []
