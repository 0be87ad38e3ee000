"""docs/reference/loads.md and docs/how-to/pytest.md: every example is read as the pages say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from harness.bindings import load
from harness.bindings.loads.shape import FORMS
from tests.support.paths import ROOT

pytest_plugins = ["pytester"]

LOADS = (ROOT / "docs" / "reference" / "loads.md").read_text(encoding="utf-8")
PYTEST = (ROOT / "docs" / "how-to" / "pytest.md").read_text(encoding="utf-8")
REST = {
    "version": 1,
    "slos": {"checkout latency": "p95(x) < 1s"},
    "faults": {"slow-cache": [{"at": "load", "fault": "surge", "factor": 2}]},
}
API = """\
openapi: 3.0.0
paths: {'/items/{id}': {get: {operationId: getItem, parameters: [{name: id, in: path, required: true, example: 7}]}}}
"""
LOG = '::1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 5\n'


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


def test_every_example_of_a_load_is_read(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(API, encoding="utf-8")
    (tmp_path / "access.log").write_text(LOG, encoding="utf-8")
    examples = blocks(LOADS, "yaml")
    kinds = set[str]()
    for example in examples:
        whole = yaml.safe_dump({**REST, **yaml.safe_load(example)})
        (tmp_path / "gameday.yaml").write_text(whole, encoding="utf-8")
        bound = load(tmp_path / "gameday.yaml")
        kinds |= {kind for each in yaml.safe_load(example).get("loads", {}).values() for kind in each if kind in FORMS}
        assert all(each.load or each.users for each in bound.runbooks.values())
    assert len(examples) == 4
    assert kinds == set(FORMS)


def test_every_key_of_a_load_is_in_an_example() -> None:
    keys = re.findall(r"^\s+(?:- )?(\w+):", "\n".join(blocks(LOADS, "yaml")), re.M)
    wanted = {"send", "body", "headers", "status", "share", "timeout_s", "series", "rate", "operation", "methods"}
    assert wanted | set(FORMS) | {"users", "spawn_rate"} <= set(keys)


def test_examples_of_tests_are_collected(pytester: pytest.Pytester) -> None:
    drills, platform = blocks(PYTEST, "python")
    (settings,) = blocks(PYTEST, "toml")
    pytester.makepyprojecttoml(settings)
    pytester.makepyfile(test_drills=drills, test_platform=platform)
    found = pytester.runpytest_inprocess("--collect-only", "-q", "--strict-markers", "--strict-config")
    found.stdout.fnmatch_lines(["*test_tool_down_runbook_is_quick", "*test_gateway_is_up", "3 tests collected*"])
