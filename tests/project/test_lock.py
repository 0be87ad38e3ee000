"""requirements/lock.txt: the versions that CI installs (`make lock` refreshes them)."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement

from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINES = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in LINES if line and not line.lstrip().startswith("#")]


def declared() -> list[Requirement]:
    """The dependencies and extras of pyproject.toml, without the project itself."""
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    found = [Requirement(each) for each in [*PROJECT["dependencies"], *extras]]
    return [each for each in found if each.name != PROJECT["name"]]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def version(pin: Requirement) -> str:
    (exact,) = pin.specifier
    assert exact.operator == "==", pin
    return exact.version


def test_each_declared_dependency_is_locked_within_its_bounds() -> None:
    missing = []
    for wanted in declared():
        pins = [pin for pin in PINS if normal(pin.name) == normal(wanted.name)]
        if not pins or not all(wanted.specifier.contains(version(pin)) for pin in pins):
            missing.append(str(wanted))
    assert missing == [], "`make lock` refreshes requirements/lock.txt"


def test_each_supported_python_gets_one_version_of_each_package() -> None:
    classifiers = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "Python :: 3." in each]
    assert classifiers == ["3.11", "3.12", "3.13", "3.14"]
    for python in classifiers:
        environment = {"python_version": python, "python_full_version": f"{python}.0"}
        here = [pin.name for pin in PINS if pin.marker is None or pin.marker.evaluate(environment)]
        assert len(here) == len(set(here)), python


def test_lock_names_no_index_and_no_file_of_a_machine() -> None:
    assert [line for line in LINES if re.search(r"://|--index|--find-links|@ file| /", line)] == []
