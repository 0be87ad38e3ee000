"""The registry of families: entry points of installed packages, listed without an import and loaded on demand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.registry import Family, RegistryError


def install(folder: Path, package: str, entries: str, metadata: str = "") -> None:
    """Write the metadata of an installed package with these entry points of `gameday.faults` into a folder."""
    info = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n{metadata}")
    (info / "entry_points.txt").write_text(f"[gameday.faults]\n{entries}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path, for packages of a test."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_our_own_members_are_registered() -> None:
    own = {
        "faults": {"chaos-toolkit", "cpu-pressure", "partition", "pod-kill", "scale-to-zero"},
        "platforms": {"docker", "kind", "kubernetes", "local"},
        "responders": {"runbook"},
    }
    for family, names in own.items():
        assert names <= set(Family[object](family).names()), family


def test_every_member_of_ours_can_be_loaded() -> None:
    for name in ("faults", "platforms", "responders"):
        family = Family[object](name)
        assert all(family.load(member) for member in family.names())


def test_a_member_of_another_package_is_loaded(site: Path) -> None:
    (site / "theirs.py").write_text("value = 'a fault'\n")
    install(site, "gameday-theirs", "theirs = theirs:value")
    family = Family[str]("faults")
    assert "theirs" in family
    assert "theirs" in family.names()
    assert family.load("theirs") == "a fault"


@pytest.mark.parametrize(
    "reference", ["parts_of:Class.value", "parts_of:Class.value [extra]", "parts_of : Class.value"]
)
def test_an_object_reference_may_have_parts_and_an_extra(site: Path, reference: str) -> None:
    (site / "parts_of.py").write_text("class Class:\n    value = 'a fault'\n")
    install(site, "gameday-parts", f"# a comment\n\nparts = {reference}")
    assert Family[str]("faults").load("parts") == "a fault"


def test_a_module_can_be_a_member(site: Path) -> None:
    (site / "whole.py").write_text("")
    install(site, "gameday-whole", "whole = whole")
    assert Family[object]("faults").load("whole") is sys.modules["whole"]


def test_unreadable_metadata_registers_nothing(site: Path) -> None:
    (site / "odd-1.0.dist-info" / "entry_points.txt").mkdir(parents=True)
    assert "scale-to-zero" in Family[object]("faults").names()


def test_listing_names_imports_no_member(site: Path) -> None:
    (site / "explosive.py").write_text("raise SystemExit('imported')\n")
    install(site, "gameday-explosive", "explosive = explosive:value")
    assert "explosive" in Family[object]("faults").names()


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(RegistryError) as refused:
        Family[object]("platforms").load("moon")
    known = "docker, kind, kubernetes, local"
    assert str(refused.value) == f"platform `moon`: no installed package registers it; known are {known}"


def test_empty_group_asks_for_a_new_installation() -> None:
    with pytest.raises(RegistryError, match=r"group gameday.nothings of entry points is empty; .*pip install -e \."):
        Family[object]("nothings").load("x")


def test_name_registered_by_two_packages_is_refused_with_both(site: Path) -> None:
    install(site, "gameday-one", "same = one:value")
    install(site, "gameday-two", "same = two:value")
    with pytest.raises(RegistryError) as refused:
        Family[object]("faults").load("same")
    assert (
        str(refused.value) == "fault `same`: registered by gameday-one 1.0 and gameday-two 1.0; uninstall one of them"
    )


def test_outdated_metadata_of_a_package_does_not_hide_its_installation(site: Path) -> None:
    """As after a change of the build backend: an old `*.egg-info` in the checkout comes first on the path."""
    for folder, entries in (("checkout", "old = both:old"), ("installed", "old = both:old\nnew = both:new")):
        install(site / folder, "gameday-both", entries)
        sys.path.append(str(site / folder))
    try:
        (site / "both.py").write_text("old, new = 'old', 'new'\n")
        family = Family[str]("faults")
        assert [family.load(name) for name in ("old", "new")] == ["old", "new"]
    finally:
        del sys.path[-2:]


def test_failed_import_names_package_fact_and_extra(site: Path) -> None:
    (site / "needy.py").write_text("import a_missing_module.part\n")
    install(site, "gameday-needy", "needy = needy:value", "Requires-Dist: a-missing-module>=1 ; extra == 'all'\n")
    with pytest.raises(RegistryError) as refused:
        Family[object]("faults").load("needy")
    assert str(refused.value) == (
        "fault `needy` of the package gameday-needy 1.0 (needy:value) cannot be imported: "
        "No module named 'a_missing_module'; install it by `pip install 'gameday-needy[all]'`"
    )


def test_failed_import_without_an_extra_still_names_a_next_action(site: Path) -> None:
    (site / "empty.py").write_text("")
    install(site, "gameday-empty", "empty = empty:value")
    with pytest.raises(
        RegistryError, match="has no attribute 'value'; install what it needs, or uninstall the package"
    ):
        Family[object]("faults").load("empty")


def test_listing_needs_no_optional_package() -> None:
    """In a fresh interpreter: the names of all platforms, and neither docker nor kubernetes nor locust is imported."""
    code = (
        "import sys; from harness.registry import Family; print(Family('platforms').names());"
        "print(sorted({'docker', 'kubernetes', 'locust', 'testcontainers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "'docker'" in done.stdout
