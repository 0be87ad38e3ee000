"""Registry of the families that packages can extend: faults, platforms, responders, reports and measures.

A member is an entry point of the group `gameday.<family>` in the metadata of an installed package, ours included:
`[project.entry-points."gameday.reports"]`, `mine = "my_package.report:MyReport"`. Listing names imports no member.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from harness.errors import GamedayError

if TYPE_CHECKING:  # `--help` needs none of it, and it takes longer to import than all that `--help` needs
    from importlib.metadata import Distribution, EntryPoint

Member = TypeVar("Member")
_OURS = "gameday."


class RegistryError(GamedayError):
    """A member is not registered, is registered twice, or cannot be imported."""


class Family(Generic[Member]):
    """The registered members of one family; `Member` is its contract, which is not checked at run time.

    Reads the metadata of the installed packages once, on the first use.
    """

    def __init__(self, name: str) -> None:
        """`name` is the plural that ends the group's name: `faults` for `gameday.faults`."""
        self.group = f"{_OURS}{name}"
        self._singular = name.removesuffix("s")

    @cached_property
    def _entries(self) -> Mapping[str, Mapping[str, EntryPoint]]:
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

    def _only(self, name: str) -> EntryPoint:
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

    def _where(self, entry: EntryPoint) -> str:
        return f"{self._singular} `{entry.name}` of the package {_package(entry)} ({entry.value})"


@cache  # the families share one look at the metadata: it costs more than all else that `gameday plan` reads
def _registered(path: tuple[str, ...]) -> Mapping[str, Mapping[str, Mapping[str, EntryPoint]]]:
    """The entry points of our groups in packages on this path, by group, name and package.

    Metadata of one package in two places is merged, the first place on the path first. `entry_points()` would hide an
    installation behind an outdated `*.egg-info` in the working directory.
    """
    from importlib.metadata import distributions  # noqa: PLC0415  see above

    found: dict[str, dict[str, dict[str, EntryPoint]]] = {}
    for package in distributions(path=list(path)):
        if _OURS not in (package.read_text("entry_points.txt") or ""):
            continue  # nearly all packages; to parse what they register takes long
        name = _normalized(package.name)
        for entry in package.entry_points:
            if entry.group.startswith(_OURS):
                found.setdefault(entry.group, {}).setdefault(entry.name, {}).setdefault(name, entry)
    return found


def _normalized(name: str) -> str:
    """The name of a package or module for comparison: `Runbook_Gameday` and `runbook-gameday` are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed package"


def _fix(entry: EntryPoint, error: ImportError | AttributeError) -> str:
    """The next action: install the extra that brings the missing module, where the package has one."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    extra = _extra_with(entry.dist, missing.partition(".")[0]) if entry.dist and missing else None
    if entry.dist and extra:
        return f"install it by `pip install '{entry.dist.name}[{extra}]'`"
    return "install what it needs, or uninstall the package"


def _extra_with(package: Distribution, module: str) -> str | None:
    """The extra of a package that requires the distribution with the same name as the module."""
    for requirement in package.requires or ():
        found = re.match(r"""([\w.-]+).*\bextra\s*==\s*['"]([\w-]+)['"]""", requirement)
        if found and _normalized(found[1]) == _normalized(module):
            return found[2]
    return None
