"""Registry of the families that packages can extend: faults, platforms, responders, reports and measures.

A member is an entry point of the group `gameday.<family>` in the metadata of an installed package, ours included:
`[project.entry-points."gameday.reports"]`, `mine = "my_package.report:MyReport"`. Listing names imports no member.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache, cached_property, reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from harness.errors import GamedayError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

Member = TypeVar("Member")
_OURS = "gameday."


class RegistryError(GamedayError):
    """A member is not registered, is registered twice, or cannot be imported."""


class _Entry(NamedTuple):
    """An entry point: its group, name and object reference, and the folder with the metadata of its package."""

    group: str
    name: str
    value: str
    folder: Path

    def load(self) -> object:
        """Import the module, and return the object in it."""
        module, _, attributes = self.value.partition("[")[0].partition(":")
        return reduce(getattr, filter(None, attributes.strip().split(".")), import_module(module.strip()))

    @property
    def package(self) -> Distribution:
        """The metadata of the package."""
        from importlib.metadata import Distribution  # noqa: PLC0415  only messages need it

        return Distribution.at(self.folder)


class Family(Generic[Member]):
    """The registered members of one family; `Member` is its contract, which is not checked at run time.

    Reads the metadata of the installed packages once, on the first use.
    """

    def __init__(self, name: str) -> None:
        """`name` is the plural that ends the group's name: `faults` for `gameday.faults`."""
        self.group = f"{_OURS}{name}"
        self._singular = name.removesuffix("s")

    @cached_property
    def _entries(self) -> Mapping[str, Mapping[str, _Entry]]:
        """By name and package."""
        return _registered(tuple(sys.path)).get(self.group, {})

    def names(self) -> tuple[str, ...]:
        """The registered names, sorted."""
        return tuple(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def load(self, name: str) -> Member:
        """Import and return a member.

        Raises RegistryError when the name is unknown, when two packages register it, and when the import fails.
        """
        entry = self._only(name)
        try:
            return cast(Member, entry.load())
        except (ImportError, AttributeError) as error:
            raise RegistryError(f"{self._where(entry)} cannot be imported: {error}; {_fix(entry, error)}") from error

    def _only(self, name: str) -> _Entry:
        """The one entry point of this name; raises RegistryError when there is none or more than one."""
        entries = list(self._entries.get(name, {}).values())
        if not self._entries:
            fix = "install this checkout again by `pip install -e .`"
            raise RegistryError(f"{self._singular} `{name}`: the group {self.group} of entry points is empty; {fix}")
        if not entries:
            known = ", ".join(self.names())
            raise RegistryError(f"{self._singular} `{name}`: no installed package registers it; known are {known}")
        if len(entries) > 1:
            packages = " and ".join(sorted(_package(entry) for entry in entries))
            raise RegistryError(f"{self._singular} `{name}`: registered by {packages}; uninstall one of them")
        return entries[0]

    def _where(self, entry: _Entry) -> str:
        return f"{self._singular} `{entry.name}` of the package {_package(entry)} ({entry.value})"


@cache  # the families share one look at the metadata
def _registered(path: tuple[str, ...]) -> Mapping[str, Mapping[str, Mapping[str, _Entry]]]:
    """The entry points of our groups in packages on this path, by group, name and package.

    Metadata of one package in two places is merged, the first place on the path first. `entry_points()` would hide an
    installation behind an outdated `*.egg-info` in the working directory, and `importlib.metadata` takes ten times as
    long to import and to ask as these files take to read. Packages in zip files are not found.
    """
    found: dict[str, dict[str, dict[str, _Entry]]] = {}
    for place in map(Path, path):
        for file in sorted([*place.glob("*.dist-info/entry_points.txt"), *place.glob("*.egg-info/entry_points.txt")]):
            name = _normalized(file.parent.stem.partition("-")[0])
            for entry in _entries(file):
                found.setdefault(entry.group, {}).setdefault(entry.name, {}).setdefault(name, entry)
    return found


def _entries(file: Path) -> Iterator[_Entry]:
    """The entry points of our groups in a file of sections with lines `name = module:object`; none if unreadable."""
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:
        return
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[] ")
        elif group.startswith(_OURS) and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield _Entry(group, name.strip(), value.strip(), file.parent)


def _normalized(name: str) -> str:
    """The name of a package or module for comparison: `Runbook_Gameday` and `runbook-gameday` are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(entry: _Entry) -> str:
    return f"{entry.package.name} {entry.package.version}"


def _fix(entry: _Entry, error: ImportError | AttributeError) -> str:
    """The next action: install the extra that brings the missing module, where the package has one."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    extra = _extra_with(entry.package, missing.partition(".")[0]) if missing else None
    if extra:
        return f"install it by `pip install '{entry.package.name}[{extra}]'`"
    return "install what it needs, or uninstall the package"


def _extra_with(package: Distribution, module: str) -> str | None:
    """The extra of a package that requires the distribution with the same name as the module."""
    for requirement in package.requires or ():
        found = re.match(r"""([\w.-]+).*\bextra\s*==\s*['"]([\w-]+)['"]""", requirement)
        if found and _normalized(found[1]) == _normalized(module):
            return found[2]
    return None
