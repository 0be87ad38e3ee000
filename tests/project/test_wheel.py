"""The distributions: what the wheel holds, and that it works in an empty folder outside the checkout."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support import docker, kind
from tests.support.kind import UP_S
from tests.support.paths import ROOT

PACKAGES = ("harness", "fakes", "scenarios")
SHIPPED = ("Dockerfile", "gameday.yaml", "kind-config.yaml", "runbooks/operations.md", "deploy", "slos")
DIGESTS = """
import hashlib
from harness import shipped
from harness.platforms import build_context
print(shipped.ROOT)
for build in (build_context.services, build_context.database, build_context.load):
    print(hashlib.sha256(build()).hexdigest())
"""
RUN_S = 300.0


def build(kind_of: str, project: Path, into: Path) -> Path:
    """Build a distribution of a project folder and return its path."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", kind_of, "-d", str(into)]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


def files(*names: str) -> set[str]:
    """The files of the project under these names, without caches, relative to the project."""
    found = {
        path for name in names for path in ([ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob("*"))
    }
    return {str(path.relative_to(ROOT)) for path in found if path.is_file() and "__pycache__" not in path.parts}


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


# -- what the distributions hold ---------------------------------------------------------------------------------------


def test_wheel_holds_the_packages_and_the_shipped_files_and_nothing_else(wheel: Path) -> None:
    found = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert found == files(*PACKAGES) | {f"harness/_shipped/{name}" for name in files(*SHIPPED)}
    assert {f"{package}/py.typed" for package in PACKAGES} < found
    assert "harness/_shipped/deploy/postgres/entrypoint.sh" in found
    assert not [
        name
        for name in found
        if "test" in name.removeprefix("harness/pytest_plugin/") or "cache" in name or name.endswith(".pyc")
    ]


def test_wheel_metadata_names_license_authors_and_the_bound_of_locust(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
        text = archive.read(name.replace("METADATA", "licenses/LICENSE")).decode()
    assert text == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert metadata["Author"] == "The runbook gameday maintainers"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    (locust,) = [each for each in metadata.get_all("Requires-Dist", []) if each.startswith("locust")]
    assert "<3" in locust, "its protocol between master and worker is not documented"


def test_wheel_built_from_the_sdist_equals_the_wheel_built_from_the_tree(
    wheel: Path, sdist: Path, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (project,) = (tmp_path / "source").iterdir()
    assert build("wheel", project, tmp_path / "wheel").read_bytes() == wheel.read_bytes()


def test_editable_install_copies_no_files(tmp_path: Path) -> None:
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, check=True)
    (editable,) = tmp_path.iterdir()
    assert [name for name in contents(editable) if ".dist-info/" not in name] == ["_runbook_gameday.pth"]


def test_build_contexts_of_the_wheel_equal_those_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """So that an installed wheel and a checkout of the same content name the same images."""
    installed = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    lines = {}
    for place in (ROOT, installed):
        argv = [sys.executable, "-P", "-c", DIGESTS]
        environment = {**os.environ, "PYTHONPATH": str(place)}
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        lines[place] = done.stdout.splitlines()
    assert lines[ROOT][0] == str(ROOT)
    assert lines[installed][0] == str(installed / "harness" / "_shipped")
    assert lines[installed][1:] == lines[ROOT][1:]
    assert len(set(lines[ROOT][1:])) == 3


# -- the wheel in an empty folder --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `gameday` command of a new virtual environment that has the wheel with its extras at the locked versions."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    lock = ROOT / "requirements" / "lock.txt"
    argv = [venv / "bin" / "pip", "install", "--quiet", "--constraint", lock, f"{wheel}[docker,kind]"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return venv / "bin" / "gameday"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty folder outside the checkout."""
    assert not tmp_path.is_relative_to(ROOT)
    return tmp_path


def run(command: Path, *arguments: str, cwd: Path, timeout_s: float = RUN_S) -> subprocess.CompletedProcess[str]:
    """Run the installed command; nothing in its environment leads to the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join(each for each in environment["PATH"].split(os.pathsep) if not each.startswith(sys.prefix))
    return subprocess.run(
        [command, *arguments],
        cwd=cwd,
        env={**environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.mark.slow
def test_installed_wheel_is_used_and_not_the_checkout(installed: Path, empty: Path) -> None:
    code = "import harness, fakes, scenarios; print(harness.__file__, fakes.__file__, scenarios.__file__)"
    done = run(installed.with_name("python"), "-c", code, cwd=empty)
    assert done.returncode == 0, done.stderr
    assert all(Path(each).is_relative_to(installed.parents[1]) for each in done.stdout.split())


@pytest.mark.slow
def test_installed_wheel_shows_help_and_plans_the_demo(installed: Path, empty: Path) -> None:
    shown = run(installed, "--help", cwd=empty)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "start with: gameday run --demo" in shown.stdout
    planned = run(installed, "plan", "--demo", "--format", "json", cwd=empty)
    assert (planned.returncode, planned.stderr) == (0, "")
    plan = json.loads(planned.stdout)
    assert [(drill["runbook"], drill["bound"]) for drill in plan["drills"]] == [
        ("TIMEOUT", True),
        ("TOOL_DOWN", True),
        ("VALIDATION_FAIL", True),
        ("WS_OVERLOAD", True),
    ]
    assert list(empty.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("platform", "limit_s"), [("local", RUN_S), ("docker", RUN_S), ("kind", UP_S + RUN_S)])
def test_installed_wheel_runs_the_demo(installed: Path, empty: Path, platform: str, limit_s: float) -> None:
    why = {"local": lambda: "", "docker": docker.missing, "kind": kind.missing}[platform]()
    if why:
        pytest.skip(why)
    arguments = ("run", "--demo", "--only", "VALIDATION_FAIL", "--platform", platform, "--out", "run")
    done = run(installed, *arguments, cwd=empty, timeout_s=limit_s)
    assert done.returncode == 0, done.stderr
    result = json.loads((empty / "run" / "result.json").read_text(encoding="utf-8"))
    assert [(drill["runbook"], drill["verdict"]) for drill in result["drills"]] == [("VALIDATION_FAIL", "passed")]
