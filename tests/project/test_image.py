"""The image of the fakes: what goes into it is what they import, no more and no less, at the project's own bounds."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.support.paths import ROOT

FAKES = ROOT / "fakes"
BY_NAME = {"httptools": "uvicorn's protocol `httptools`, which fakes/web.py asks for by a string"}
"""Needed, though no import statement says so."""


def required(folder: Path = FAKES) -> set[str]:
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def name(requirement: str) -> str:
    return re.split(r"[<>=!~\[ ]", requirement)[0].replace("-", "_")


def imported() -> set[str]:
    found = set()
    for path in FAKES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"fakes", "__future__"}


def test_the_requirements_are_what_is_imported() -> None:
    assert {name(each) for each in required()} == imported() | set(BY_NAME)


def test_the_bounds_are_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert required() <= set(project)
    assert required(ROOT / "scenarios") <= set(project)


def test_the_dockerfiles_suit_the_classic_builder_and_no_moving_tag() -> None:
    for path in (ROOT / "Dockerfile", *ROOT.glob("deploy/*/Dockerfile")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"RUN --mount|COPY --chmod|<<EOF|:latest", text), path
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE), f"{path}: a number, for runAsNonRoot"
        assert re.search(r"^ARG BASE=\S+:\S+$", text, re.MULTILINE), path
