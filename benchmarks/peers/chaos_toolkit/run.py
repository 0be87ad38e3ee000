"""Run the experiment by `chaos run` on its own platform, and read its phases from the journal."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.timed import Phase, Run, UnusableError, call
from harness.platforms.local.platform import LocalPlatform

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
GAMEDAY = str(Path(sys.executable).with_name("gameday"))
WHO = "Chaos Toolkit + locust"
USERS = 150
WINDOWS = 3
"""Number of windows: before, during and after the incident."""
REMEDY = ("scale-out", "more-worker-slots")
_COMMAND_S = 60.0


def check() -> None:
    """Raise UnusableError when Chaos Toolkit is not installed for this interpreter."""
    if importlib.util.find_spec("chaostoolkit") is None:
        raise UnusableError(f"chaostoolkit is not installed for {sys.executable}: pip install -e '.[bench]'")


def run_peer(folder: Path, window_s: int, limit_s: float, remedy: bool = True) -> Run:
    """Run one experiment, from `gameday up` to `gameday down`. Raises UnusableError if the platform does not start."""
    check()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with _platform(folder / "platform") as (env, prepared):
        journal, chaos_s, lead_s, stderr = _chaos(folder, env, window_s, limit_s, remedy)
        ending = time.perf_counter()
    ended = time.perf_counter()
    down = Phase("platform down", ended - ending)
    who = f"{WHO}, {window_s}-s windows"
    if journal is None:
        return Run(who, ended - began, (*prepared, down), False, f"no journal: {stderr.strip()[-300:]}")
    phases = (*prepared, *_phases(journal, chaos_s, lead_s), down)
    why = wrong(journal)
    return Run(who, ended - began, phases, not why, why or "completed: well before, broken by the fault, well after")


@contextmanager
def _platform(folder: Path) -> Iterator[tuple[dict[str, str], list[Phase]]]:
    """Start a platform with the runbook's initial 40 worker slots; yield the settings of the experiment."""
    began = time.perf_counter()
    try:
        _must([GAMEDAY, "up", "--quiet", "--dir", str(folder)], None)
        up = time.perf_counter()
        platform = LocalPlatform.attach(folder)
        shell = platform.shell()
        env = {**os.environ, "PATH": f"{shell.path}:{os.environ['PATH']}", "CURL_HOME": shell.env["CURL_HOME"]}
        deployment = ("deployment/inference", "-n", platform.namespace)
        _must(["kubectl", "set", "env", *deployment, "WORKER_SLOTS=40"], env)
        _must(["kubectl", "rollout", "status", *deployment, "--timeout=60s"], env)
        (admin,) = platform.admin("inference")
        env |= {"INFERENCE_HOST": platform.url("inference"), "INFERENCE_ADMIN_URL": admin.url}
        env |= {"INFERENCE_AUTHORIZATION": f"Bearer {admin.token}"}
        prepared = [Phase("platform up", up - began), Phase("40 worker slots", time.perf_counter() - up)]
        yield env, prepared
    finally:
        call([GAMEDAY, "down", "--dir", str(folder)], _COMMAND_S, ROOT)


def _must(argv: list[str], env: Mapping[str, str] | None) -> None:
    code, _, stderr = call(argv, _COMMAND_S, ROOT, env)
    if code:
        raise UnusableError(f"{' '.join(argv)}: exit {code}: {stderr.strip()}")


def _chaos(
    folder: Path, env: Mapping[str, str], window_s: int, limit_s: float, remedy: bool
) -> tuple[dict[str, Any] | None, float, float, str]:
    """Return the journal, the seconds of the whole command and those before its experiment, and its output."""
    journal = folder / "journal.json"
    argv = [sys.executable, "-m", "chaostoolkit", "--no-version-check", "--no-log-file"]
    argv += ["--settings", str(folder / "settings.yaml"), "run", "--journal-path", str(journal)]
    argv += [str(_experiment(folder, remedy))]
    spawned, began = time.time(), time.perf_counter()
    _, _, stderr = call(argv, limit_s, ROOT, {**env, "WINDOW_S": str(window_s), "LOCUST_USERS": str(USERS)})
    seconds = time.perf_counter() - began
    found = json.loads(journal.read_text(encoding="utf-8")) if journal.exists() else None
    lead_s = datetime.fromisoformat(found["start"]).timestamp() - spawned if found else 0.0
    return found, seconds, lead_s, stderr


def _experiment(folder: Path, remedy: bool) -> Path:
    whole = HERE / "experiment.yaml"
    if remedy:
        return whole
    experiment = yaml.safe_load(whole.read_text(encoding="utf-8"))
    experiment["method"] = [each for each in experiment["method"] if each["name"] not in REMEDY]
    less = folder / "without-remedy.yaml"
    less.write_text(yaml.safe_dump(experiment), encoding="utf-8")
    return less


def _phases(journal: Mapping[str, Any], chaos_s: float, lead_s: float) -> list[Phase]:
    states = {when: state["probes"] if state else [] for when, state in journal["steady_states"].items()}
    runs = {run["activity"]["name"]: run["duration"] for run in journal["run"]}
    fault, symptom = runs.pop("lose-worker-slots", 0.0), runs.pop("p95-is-above-500ms", 0.0)
    parts = [
        Phase("chaos start", lead_s),
        Phase("P95 before", sum(probe["duration"] for probe in states.get("before", []))),
        Phase("fault", fault),
        Phase("P95 during", symptom),
        Phase("three steps", sum(runs.values())),
        Phase("P95 after", sum(probe["duration"] for probe in states.get("after", []))),
        Phase("rollback", sum(run["duration"] for run in journal["rollbacks"])),
    ]
    return [*parts, Phase("chaos end", chaos_s - sum(part.seconds for part in parts))]


def wrong(journal: Mapping[str, Any]) -> str:
    """Return the failure that the journal shows: a deviation, another status, a failed activity; "" without one."""
    if journal["deviated"]:
        return "deviated: the steady state did not come back"
    if journal["status"] != "completed":
        return f"status {journal['status']}"
    for run in journal["run"]:
        output = run["output"]
        status = output.get("status", 0) if isinstance(output, dict) else 0
        if run["status"] != "succeeded" or status not in (0, 201):
            return (
                f"{run['activity']['name']}: {run['status']}: {' '.join(run.get('exception', [str(output)])).strip()}"
            )
    return ""
