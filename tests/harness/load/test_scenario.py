"""What generates the load of a runbook: a shipped scenario, a file of the user's, a load of the bindings."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import LoadSpec, RunbookBinding
from harness.bindings.loads import LoadRequest
from harness.errors import BindingError
from harness.load.scenario import Scenario, load_shape, scenario_of
from tests.support.paths import SCENARIOS

OURS = (
    "from scenarios.generator.declare import HttpScenario\nclass A(HttpScenario):\n    name, series = 'a', ('a', 'b')\n"
)


def binding(scenario: str, load: LoadSpec | None = None) -> RunbookBinding:
    return RunbookBinding(scenario, "web", "a", "f", {}, load=load)


def of_file(folder: Path, text: str) -> Scenario:
    (folder / "mine.py").write_text(text, encoding="utf-8")
    return scenario_of(binding("mine.py"), folder)


def test_shipped_scenario_is_found_by_its_name(tmp_path: Path) -> None:
    found = scenario_of(binding("tool_down"), tmp_path)
    assert found == Scenario(SCENARIOS / "tool_down.py", ("gateway", "tools"), ("surge",))


def test_load_of_the_bindings_comes_before_a_shipped_scenario_of_its_name(tmp_path: Path) -> None:
    spec = LoadSpec("timeout", (LoadRequest("GET", "/", series="home"),), 1)
    found = scenario_of(binding("timeout", spec), tmp_path)
    assert found == Scenario(SCENARIOS / "from_bindings.py", ("timeout", "home"), ("surge",))


@pytest.mark.parametrize(
    "text",
    [
        "from locust import HttpUser",
        "import os, locust",
        "import locust.contrib.fasthttp as fast",
        "def users():\n    from locust.contrib.fasthttp import FastHttpUser\n",
    ],
)
def test_file_that_imports_locust_is_a_plain_locustfile(tmp_path: Path, text: str) -> None:
    assert of_file(tmp_path, text) == Scenario(tmp_path / "mine.py", None, ("surge",), locustfile=True)


@pytest.mark.parametrize(
    "text", [OURS, f"{OURS}# from locust import x\n", "import locusts", "from .locust import x", "x ="]
)
def test_other_file_is_a_scenario(tmp_path: Path, text: str) -> None:
    found = of_file(tmp_path, text)
    assert not found.locustfile
    assert found.faults == (("surge",) if text.startswith(OURS) else None)


def test_load_shape_of_a_locustfile_is_found(tmp_path: Path) -> None:
    shaped = of_file(tmp_path, "import locust\nclass Wave(locust.LoadTestShape): pass")
    assert (load_shape(shaped.file), load_shape(of_file(tmp_path, "import locust").file)) == ("Wave", "")


def test_unknown_scenario_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        BindingError, match=r"scenario `x\.py`: neither a shipped scenario, nor a load under `loads`, nor"
    ):
        scenario_of(binding("x.py"), tmp_path)
