"""Finds what generates the load of a runbook: a scenario, a load of the bindings, or a plain locustfile."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from harness.bindings import RunbookBinding
from harness.errors import BindingError
from harness.load.declaration import SCENARIO
from harness.load.declared import declared, parsed

_SURGE = ("surge",)


@dataclass(frozen=True)
class Scenario:
    """A file that generates load, and what is known of it before it runs."""

    file: Path
    series: tuple[str, ...] | None
    """None: not known."""
    faults: tuple[str, ...] | None
    locustfile: bool = False
    """Whether it is a plain locustfile, which has users instead of a rate of arrivals."""


def scenario_of(binding: RunbookBinding, beside: Path) -> Scenario:
    """The scenario of a runbook; files are relative to `beside`. Raises BindingError when there is none."""
    if binding.load:
        return Scenario(_shipped(SCENARIO) or Path(SCENARIO), binding.load.series, _SURGE)
    file = find_scenario(binding.scenario, beside)
    tree = parsed(file)
    if _is_locustfile(tree):
        return Scenario(file, None, _SURGE, locustfile=True)
    return Scenario(file, declared(tree, "series"), declared(tree, "faults"))


def find_scenario(name: str, beside: Path) -> Path:
    """The file of a scenario: a shipped one by name, or a Python file relative to the bindings. Raises BindingError."""
    file = (beside / name).resolve()
    if name.endswith(".py") and file.is_file():
        return file
    if shipped := _shipped(name):
        return shipped
    fact = f"neither a shipped scenario, nor a load under `loads`, nor the Python file {file}"
    raise BindingError(f"scenario `{name}`: {fact}; `ls scenarios` lists the shipped ones")


def _shipped(name: str) -> Path | None:
    spec = importlib.util.find_spec("scenarios")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    return next((file for folder in folders if (file := Path(folder) / f"{name}.py").is_file()), None)


def _is_locustfile(tree: ast.Module) -> bool:
    """Whether a Python file imports locust, which a scenario of this project never does."""
    return any(name.partition(".")[0] == "locust" for name in _imports(tree))


def load_shape(file: Path) -> str:
    """The class of a locustfile that decides the number of users and the end by itself; "" for none."""
    classes = (each for each in ast.walk(parsed(file)) if isinstance(each, ast.ClassDef))
    return next((each.name for each in classes if any("LoadTestShape" in ast.unparse(base) for base in each.bases)), "")


def _imports(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            found += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
            found.append(statement.module or "")
    return found
