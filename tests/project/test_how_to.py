"""The packages, runbooks and bindings of the how-to pages are complete: saved and used as the pages describe."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from harness.bindings import FaultSpec
from harness.errors import BindingError, PlatformError
from harness.faults.base import Target
from harness.machine.platform_state import CommandResult, DeploymentState
from tests.support.gameday import gameday
from tests.support.paths import ROOT

HOW_TO = ROOT / "docs" / "how-to"


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return [code for _, code in re.findall(rf"^(`{{3,4}}){language}\n(.*?)^\1$", text, re.M | re.S)]


def console(page: str, command: str) -> list[str]:
    """The lines of output that a page shows below a command, without the omitted ones."""
    shown = next(block for block in blocks(page, "console") if block.startswith(f"$ {command}\n  "))
    return [line for line in shown.split("\n$ ")[0].split("\n")[1:] if line.strip("… ")]


def test_first_bindings_lead_to_a_plan_that_names_what_is_missing(tmp_path: Path) -> None:
    first, _ = blocks("write-bindings.md", "yaml")
    (tmp_path / "gameday.yaml").write_text(first, encoding="utf-8")
    (tmp_path / "ops.md").write_text(blocks("write-bindings.md", "markdown")[0], encoding="utf-8")
    done = gameday("plan", "ops.md", cwd=tmp_path)
    assert done.returncode == 2
    shown = console("write-bindings.md", "gameday plan ops.md")
    assert len(shown) == 4
    assert [line for line in shown if line not in done.stdout.split("\n")] == []


def test_complete_bindings_lead_to_a_plan_without_problems(tmp_path: Path) -> None:
    _, complete = blocks("write-bindings.md", "yaml")
    (tmp_path / "gameday.yaml").write_text(complete, encoding="utf-8")
    (tmp_path / "ops.md").write_text(blocks("write-bindings.md", "markdown")[0], encoding="utf-8")
    done = gameday("plan", "ops.md", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNBOUND" not in done.stdout


def test_runbook_of_the_bindings_guide_is_understood_completely(tmp_path: Path) -> None:
    (tmp_path / "ops.md").write_text(blocks("write-bindings.md", "markdown")[0], encoding="utf-8")
    assert "2 symptoms, 1 action, 1 command, 1 toggle" in gameday("show", "ops.md", cwd=tmp_path).stdout


def test_open_keys_of_the_first_file_are_those_that_the_page_shows(tmp_path: Path) -> None:
    (tmp_path / "ops.md").write_text(blocks("write-bindings.md", "markdown")[0], encoding="utf-8")
    assert gameday("init", "ops.md", cwd=tmp_path).returncode == 0
    written = (tmp_path / "gameday.yaml").read_text(encoding="utf-8")
    assert blocks("start.md", "yaml")[0].split("…")[0] in written
    found = gameday("check", cwd=tmp_path).stdout.split("\n")
    (shown,) = (block for block in blocks("start.md", "console") if block.startswith("$ gameday check\n"))
    lines = [line.rstrip("…") for line in shown.split("\n")[1:] if line.strip("… ")]
    assert len(lines) == 6
    assert [line for line in lines if not any(each.startswith(line) for each in found)] == []


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the fault's package, as the page has it."""
    folder = tmp_path_factory.mktemp("package")
    files = {
        "pyproject.toml": blocks("add-a-fault.md", "toml")[0],
        "bad_config/__init__.py": blocks("add-a-fault.md", "python")[0],
        "ops.md": blocks("add-a-fault.md", "markdown")[0],
        "gameday.yaml": blocks("add-a-fault.md", "yaml")[0],
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the package installed in it."""
    target = tmp_path_factory.mktemp("site")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(target), str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": str(target)}


def test_plan_with_the_installed_fault_is_the_one_that_the_page_shows(package: Path, installed: dict[str, str]) -> None:
    done = gameday("plan", "ops.md", cwd=package, env=installed)
    assert (done.returncode, done.stderr) == (0, "")
    (shown,) = console("add-a-fault.md", "gameday plan ops.md")
    assert shown in done.stdout.split("\n")


def test_wrong_parameter_of_the_fault_is_the_error_that_the_page_shows(
    package: Path, installed: dict[str, str], tmp_path: Path
) -> None:
    text = (package / "gameday.yaml").read_text(encoding="utf-8")
    (tmp_path / "typo.yaml").write_text(text.replace("variable:", "variabel:"), encoding="utf-8")
    done = gameday("plan", "ops.md", "--bindings", tmp_path / "typo.yaml", cwd=package, env=installed)
    shown = next(
        line for block in blocks("add-a-fault.md", "console") for line in block.split("\n") if "variabel" in line
    )
    assert done.returncode == 2
    assert shown.rstrip("…").partition("gameday.yaml")[2] in done.stderr


@pytest.fixture(scope="module")
def module(package: Path) -> ModuleType:
    """The module of the fault."""
    spec = importlib.util.spec_from_file_location("bad_config", package / "bad_config" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class OneDeployment:
    """A platform with the Deployment `web`, whose environment `kubectl set env` changes."""

    namespace = "production"

    def __init__(self, **env: str) -> None:
        self.env = env

    def state(self) -> dict[str, DeploymentState]:
        return {"web": DeploymentState("web", 1, 1, dict(self.env), ("web-1",), 1)}

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        assert argv[:3] == ("set", "env", "deployment/web")
        name, equals, value = argv[3].partition("=")
        if equals:
            self.env[name] = value
        else:
            del self.env[name.removesuffix("-")]
        return CommandResult(0, "", "")


SPEC = FaultSpec("web", "bad-config", {"variable": "LIMIT", "value": 20})


def prepared(module: ModuleType, platform: OneDeployment, spec: FaultSpec = SPEC) -> SimpleNamespace:
    return module.BadConfig(spec).prepare(Target(platform, SimpleNamespace()))  # type: ignore[arg-type]


def test_fault_of_the_page_changes_nothing_before_apply_and_restores_the_value(module: ModuleType) -> None:
    platform = OneDeployment(LIMIT="5000")
    injection = prepared(module, platform)
    assert (platform.env, injection.text) == ({"LIMIT": "5000"}, "set LIMIT=5000 on deployment/web")
    injection.apply()
    assert platform.env == {"LIMIT": "20"}
    injection.revert()
    injection.revert()
    assert platform.env == {"LIMIT": "5000"}


def test_fault_of_the_page_removes_a_variable_that_was_not_set(module: ModuleType) -> None:
    platform = OneDeployment()
    injection = prepared(module, platform)
    injection.apply()
    injection.revert()
    assert platform.env == {}


def test_revert_of_the_pages_fault_keeps_a_value_that_was_set_meanwhile(module: ModuleType) -> None:
    platform = OneDeployment(LIMIT="5000")
    injection = prepared(module, platform)
    injection.apply()
    platform.env["LIMIT"] = "10000"
    injection.revert()
    assert platform.env == {"LIMIT": "10000"}


def test_fault_of_the_page_refuses_wrong_parameters_and_an_unknown_deployment(module: ModuleType) -> None:
    with pytest.raises(BindingError, match="value is missing"):
        module.BadConfig(FaultSpec("web", "bad-config", {"variable": "LIMIT"}))
    with pytest.raises(BindingError, match="unknown parameter x"):
        module.BadConfig(FaultSpec("web", "bad-config", {**SPEC.parameters, "x": 1}))
    with pytest.raises(PlatformError, match="there is no Deployment api"):
        prepared(module, OneDeployment(), FaultSpec("api", "bad-config", SPEC.parameters))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The repository of the guide to services of one's own, as its page has it."""
    first, bound, _ = blocks("your-own-services.md", "yaml")
    files = {
        "site/index.html": blocks("your-own-services.md", "html")[0],
        "gameday.yaml": f"{first}\n{bound}",
        "pages.py": blocks("your-own-services.md", "python")[0],
        "ops.md": blocks("your-own-services.md", "markdown")[0],
    }
    (tmp_path / "site").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_own_services_of_the_guide_start_and_answer(site: Path) -> None:
    first = blocks("your-own-services.md", "yaml")[0]
    (site / "gameday.yaml").write_text(first, encoding="utf-8")
    try:
        exported = gameday("up", "--quiet", cwd=site)
        assert exported.returncode == 0, exported.stderr
        shown = (
            "curl -s http://web:8080/ && kubectl get pods -n production && kubectl logs deployment/web -n production"
        )
        done = subprocess.run(
            ["bash", "-c", f"{exported.stdout}{shown}"], cwd=site, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("<h1>It works</h1>\n")
        assert done.stdout.count("Running") == 2
        assert "GET / HTTP/1.1" in done.stdout
    finally:
        assert gameday("down", cwd=site).returncode == 0


def test_bindings_of_the_guide_to_own_services_have_no_problem(site: Path) -> None:
    done = gameday("plan", "ops.md", cwd=site)
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNBOUND" not in done.stdout


def test_bindings_of_the_guide_to_compose_have_no_problem(tmp_path: Path) -> None:
    (first, more, bound), page = blocks("compose.md", "yaml"), "compose.md"
    files = {"compose.yaml": blocks(page, 'yaml title="compose.yaml"')[0], "ops.md": blocks(page, "markdown")[0]}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for text in (first, more):
        (tmp_path / "gameday.yaml").write_text(f"{text}\n{bound}", encoding="utf-8")
        done = gameday("plan", "ops.md", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "service web: image nginx:1.29" in done.stdout
        assert "UNBOUND" not in done.stdout


@pytest.mark.slow
def test_runbook_of_the_guide_to_own_services_passes(site: Path) -> None:
    done = gameday("run", "ops.md", "--quiet", "--no-history", cwd=site, timeout_s=300)
    assert done.returncode == 0, done.stdout
