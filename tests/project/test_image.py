"""The images: their requirements are the packages that are imported, with the bounds of pyproject.toml."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.support.paths import ROOT

FAKES = ROOT / "fakes"
BY_NAME = {"httptools": "uvicorn's protocol `httptools`, which fakes/web.py names by a string"}
"""Packages that are needed without an import statement, with the reason."""


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


def test_requirements_of_the_fakes_are_the_imported_packages() -> None:
    assert {name(each) for each in required()} == imported() | set(BY_NAME)


def test_requirements_have_the_bounds_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert required() <= set(project)
    assert required(ROOT / "scenarios") <= set(project)


def test_dockerfiles_work_with_the_classic_builder_and_name_no_moving_tag() -> None:
    for path in (ROOT / "Dockerfile", *ROOT.glob("deploy/*/Dockerfile")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"RUN --mount|COPY --chmod|<<EOF|:latest", text), path
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE), f"{path}: a number, for runAsNonRoot"
        assert re.search(r"^ARG BASE=\S+:\S+$", text, re.MULTILINE), path
