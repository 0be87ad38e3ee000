"""Use cases with services of the bindings: what a plan finds, and what ends a run before anything is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import app
from harness.errors import BindingError, ComparisonError
from harness.machine import process_ledger
from harness.record.events import Crashed, FaultApplied
from harness.record.journal import read_events
from harness.report.plan import to_json, to_text
from tests.support.gameday import gameday
from tests.support.network import free_port
from tests.support.shop import DOCUMENT
from tests.support.slo import changed

BINDINGS = """\
version: 1
services:
  db:
    run: {db}
    port: {port}
  web:
    run: exec python3 server.py
    metrics: /metrics
    needs: [db]
slos:
  orders: error_rate(gateway) < 1%
  rows: metric(web, rows) < 100
probes:
  page: {{service: web, send: GET /}}
faults:
  no web: [{{at: web, fault: scale-to-zero}}]
runbooks:
  DOWN:
    scenario: timeout
    service: web
    series: gateway
    fault: no web
    slos: [orders, rows]
    symptoms: [{{contains: fail, is: health(web) == failing}}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a folder with a runbook, for bindings."""
    (tmp_path / "ops.md").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bind(place: Path, *changes: tuple[str, str], db: str = "exec db") -> app.PlanRequest:
    text = BINDINGS.format(db=json.dumps(db), port=free_port())
    (place / "gameday.yaml").write_text(changed(text, *changes))
    return app.PlanRequest(Path("ops.md"))


def problems(place: Path, *changes: tuple[str, str]) -> list[str]:
    return [line.removeprefix(f"{place}/") for line in app.plan(bind(place, *changes)).problems]


def test_names_of_the_bindings_are_those_of_the_services(place: Path) -> None:
    assert problems(place) == []


def test_plan_shows_the_services(place: Path) -> None:
    made = app.plan(bind(place)).plan
    assert to_text(made).split("\n")[1:3] == ["service db: exec db", "service web: exec python3 server.py"]
    assert json.loads(to_json(made))["services"] == ["db", "web"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("service: web, send", "service: api-gateway, send"),
         "gameday.yaml:14:19: probes.page.service: there is no service `api-gateway`; known: db, web"),
        (("at: web", "at: inference"), "gameday.yaml:16:12: there is no Deployment `inference`; known: db, web, load"),
        (("fault: scale-to-zero", "fault: slow, factor: 2"),
         "gameday.yaml:16:12: fault `web: slow factor=2`: a service of yours implements no fault itself; "
         "faults for every service: bandwidth, blackhole, chaos-toolkit,"),
        (("fault: scale-to-zero", "fault: full-disk"),
         "gameday.yaml:16:12: fault `web: full-disk`: web has no volume; give its size, such as `volume: 64Mi`, at "
         "services.web (gameday.yaml:7:5)"),
        (("health(web)", "health(wbe)"),
         "gameday.yaml:24:16: condition `health(wbe) == failing`: there is no service `wbe`; known: db, web"),
        (("    metrics: /metrics\n", ""),
         "gameday.yaml:22:11: runbooks.DOWN.slos: condition `metric(web, rows) < 100`: web has no metrics; "
         "give their path, such as `metrics: /metrics`, at services.web (gameday.yaml:7:5)"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_a_problem(place: Path, change: tuple[str, str], problem: str) -> None:
    (found,) = problems(place, change)
    assert found.replace(f"{place}/", "").startswith(problem)


def test_programs_of_the_services_may_run_in_pods_only(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = place / "bin"
    bin_folder.mkdir()
    (bin_folder / "dbcli").write_text("#!/bin/sh\n")
    (bin_folder / "dbcli").chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder), prepend=":")
    refused, scale = app.plan(bind(place)).plan.drills[0].steps
    assert refused.refusals == ("dbcli: not an allowed program",)
    allowed, _ = app.plan(bind(place, ("    needs: [db]", "    programs: [dbcli]"))).plan.drills[0].steps
    assert (allowed.refusals, scale.refusals) == ((), ())
    (place / "ops.md").write_text(DOCUMENT.replace("kubectl exec deployment/db -n production -- ", ""))
    outside, _ = app.plan(bind(place, ("    needs: [db]", "    programs: [dbcli]"))).plan.drills[0].steps
    assert outside.refusals == ("dbcli: not an allowed program",)


@pytest.mark.parametrize("platform", ["docker", "kind", "kubernetes"])
def test_other_platforms_cannot_run_them(place: Path, platform: str) -> None:
    request = app.RunRequest(bind(place), app.PlatformChoice(platform), out=Path("run"))
    with pytest.raises(BindingError) as refused:
        app.run(request)
    fact = f"services: --platform {platform} cannot run services of the bindings yet; choose --platform local"
    assert str(refused.value) == f"{place}/gameday.yaml:4:5: {fact}"
    assert not Path("run").exists()


def test_a_comparison_cannot_start_them(place: Path) -> None:
    bind(place)
    with pytest.raises(ComparisonError, match=r"gameday.yaml:4:5: services: `gameday compare` starts the shipped"):
        app.compare(app.CompareRequest("web:A=1", "web:A=2"))


def test_service_that_does_not_start_ends_the_run_before_any_fault(place: Path) -> None:
    bind(place, db="echo 'no space left on device' >&2; exit 7")
    done = gameday("run", "ops.md", "--quiet", "--no-history", "--out", "run", cwd=place)
    why = "its command ended with status 7 during the start; its last lines:\n  no space left on device"
    assert done.stderr.endswith(f"{place}/gameday.yaml:4:5: services.db did not start: {why}\n")
    assert (done.returncode, done.stdout) == (2, "")
    kinds = {type(event) for event in read_events(place / "run" / "record.jsonl")}
    assert Crashed in kinds
    assert FaultApplied not in kinds
    assert process_ledger.left(place) == []


def test_up_reads_the_services_of_the_bindings_that_are_named(place: Path) -> None:
    (place / "other.yaml").write_text("version: 1\nservices: {db: {run: exec db, port: 0}}\n")
    with pytest.raises(BindingError, match=r"other.yaml:2:37: services.db.port: expected a whole number"):
        app.up(app.UpRequest(bindings=Path("other.yaml")))
    assert not (place / "runs").exists()
