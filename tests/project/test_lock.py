"""requirements/: the versions that CI installs (`make lock` refreshes them)."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
APART = "trend"
"""The extra that contradicts another one, and so has a file of its own."""
FILES = {"lock.txt": [name for name in EXTRAS if name != APART], "trend.txt": [APART, "test"]}
"""By file, the extras that it locks."""


def lines(file: str) -> list[str]:
    return (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()


def pins_of(file: str) -> list[Requirement]:
    return [Requirement(line) for line in lines(file) if line and not line.lstrip().startswith("#")]


def declared(extras: list[str]) -> list[Requirement]:
    """The dependencies and extras of pyproject.toml, without the project itself."""
    of_extras = [each for extra in extras for each in EXTRAS[extra]]
    found = [Requirement(each) for each in [*PROJECT["dependencies"], *of_extras]]
    return [each for each in found if each.name != PROJECT["name"]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def version(pin: Requirement) -> str:
    (exact,) = pin.specifier
    assert exact.operator == "==", pin
    return exact.version


@pytest.mark.parametrize("file", FILES)
def test_each_declared_dependency_is_locked_within_its_bounds(file: str) -> None:
    missing = []
    for wanted in declared(FILES[file]):
        pins = [pin for pin in pins_of(file) if normal(pin.name) == normal(wanted.name)]
        if not pins or not all(wanted.specifier.contains(version(pin)) for pin in pins):
            missing.append(str(wanted))
    assert missing == [], f"`make lock` refreshes requirements/{file}"


@pytest.mark.parametrize("file", FILES)
def test_each_supported_python_gets_one_version_of_each_package(file: str) -> None:
    classifiers = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "Python :: 3." in each]
    assert classifiers == ["3.11", "3.12", "3.13", "3.14"]
    for python in classifiers:
        environment = {"python_version": python, "python_full_version": f"{python}.0"}
        here = [pin.name for pin in pins_of(file) if pin.marker is None or pin.marker.evaluate(environment)]
        assert len(here) == len(set(here)), python


@pytest.mark.parametrize("file", FILES)
def test_lock_names_no_index_and_no_file_of_a_machine(file: str) -> None:
    assert [line for line in lines(file) if re.search(r"://|--index|--find-links|@ file| /", line)] == []
