"""Collects the names that a gameday.yaml can use: its own services, loads, faults and SLOs, and the shipped ones."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from harness.bindings.compose import read_project
from harness.cluster import manifest
from harness.faults.factory import FAULTS
from harness.load.declared import declared, parsed
from harness.manifests import read_manifests
from harness.proposal.choices import Choices
from harness.schema.tree import Tree
from harness.slo import read_slos


def choices_of(tree: Tree, folder: Path) -> Choices:
    """The choices for a bindings file in a folder; of its SLO files, those that can be read.

    The shipped scenarios are for the shipped services. A load of the file has a series of the same name.
    """
    own = _names(tree, "services") or _composed(tree, folder) or _of_manifests(tree, folder)
    services, loads = own, _names(tree, "loads")
    return Choices(
        services=services or tuple(manifest.read().services),
        own_services=bool(services),
        scenarios={name: (name,) for name in loads} if loads or services else shipped_scenarios(),
        own_scenarios=bool(loads),
        fault_kinds=FAULTS.names(),
        faults=_names(tree, "faults"),
        slos=_slos(tree, folder),
    )


@cache
def shipped_scenarios() -> Mapping[str, tuple[str, ...]]:
    """The load series of each shipped scenario, by its name."""
    spec = importlib.util.find_spec("scenarios")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    files = sorted(file for folder in folders for file in Path(folder).glob("*.py"))
    return {file.stem: series for file in files if (series := declared(parsed(file), "series"))}


def _names(tree: Tree, key: str) -> tuple[str, ...]:
    found = tree.at(key)
    return tuple(found.entries) if found else ()


def _of_manifests(tree: Tree, folder: Path) -> tuple[str, ...]:
    """The Services of the manifests that can be read."""
    found = tree.at("manifests")
    read = (
        read_manifests(found, folder, "", lambda problem: None)
        if found and (found.written or found.at("path"))
        else None
    )
    return tuple(read.entrances) if read else ()


def _composed(tree: Tree, folder: Path) -> tuple[str, ...]:
    """The services of the compose file that the bindings name, if it can be read."""
    project = read_project(tree.at("compose"), folder, lambda *_: None)
    return tuple(project.services) if project else ()


def _slos(tree: Tree, folder: Path) -> tuple[str, ...]:
    patterns, lines = tree.at("slo_files"), tree.at("slos")
    files = [file for each in (patterns.items if patterns else ()) for file in sorted(folder.glob(each.written))]
    found = read_slos(list(dict.fromkeys(files)), lines.entries if lines else {})
    return tuple(slo.name for slo in found.slos)
