"""The examples: their plans have no problems, and each runbook gets the verdict that its text announces."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import app
from harness.machine import process_ledger
from tests.support.docker import missing_for_compose
from tests.support.gameday import gameday
from tests.support.paths import COMMAND, ROOT


@dataclass(frozen=True)
class Example:
    """The program that it needs, and the verdict of each runbook."""

    program: str
    verdicts: Mapping[str, str]
    platform: str = "local"


EXAMPLES = {
    "kinto-compose": Example("docker", {"DB_SLOW": "passed", "RESTART_WEB": "failed"}, "docker"),
    "kubernetes-shop": Example("kubectl", {"CACHE_DOWN": "passed", "RESTART_SHOP": "failed"}),
    "nginx-upstreams": Example("nginx", {"BAD_UPSTREAM": "passed", "RESTART_EDGE": "failed"}),
    "redis-cache": Example(
        "redis-server",
        {
            "CACHE_DOWN": "passed",
            "RESTART_WEB": "failed",
            "CACHE_SLOW": "passed",
            "CACHE_FULL": "passed",
            "RESTART_WEB_AGAIN": "failed",
        },
    ),
}
"""By folder in `examples/`."""
IN_A_CLUSTER = ("kubernetes-shop",)
"""Drilled in tests/harness/platforms/kubernetes/test_own_manifests.py."""


def test_every_example_is_tested() -> None:
    assert {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()} == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_plan_has_no_problem(name: str) -> None:
    if name in IN_A_CLUSTER and shutil.which(EXAMPLES[name].program) is None:
        pytest.skip("kubectl, which renders the kustomization, is not on PATH")
    done = app.plan(app.PlanRequest(ROOT / "examples" / name / "runbook.md"))
    assert (done.problems, done.ready, done.plan.findings) == ((), True, ())
    assert [drill.runbook.id for drill in done.plan.drills] == list(EXAMPLES[name].verdicts)
    assert [symptom for drill in done.plan.drills for symptom, condition in drill.symptoms if condition is None] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - IN_A_CLUSTER))
def test_runbook_that_heals_passes_and_the_other_one_fails(name: str, tmp_path: Path) -> None:
    example = EXAMPLES[name]
    if shutil.which(example.program) is None:
        pytest.skip(f"{example.program} is not installed")
    if example.platform == "docker" and (fact := missing_for_compose()):
        pytest.skip(fact)
    shutil.copytree(ROOT / "examples" / name, tmp_path / name)
    done = gameday(
        "run", f"{name}/runbook.md", "--platform", example.platform, "--jobs", "1", "--out", "run", "--no-history",
        "--format", "json",
        cwd=tmp_path, env={**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"}, timeout_s=1200,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert {drill["runbook"]: drill["verdict"] for drill in result["drills"]} == example.verdicts, done.stdout
    assert done.returncode == 1, "a runbook that does not heal fails the run"
    assert process_ledger.left(tmp_path) == []
