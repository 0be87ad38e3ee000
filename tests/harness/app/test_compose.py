"""Use cases with a compose project: what a plan shows and finds, and the platforms that cannot run one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import app
from harness.errors import BindingError, ComparisonError
from harness.report.plan import to_json, to_text
from tests.support.shop import DOCUMENT
from tests.support.slo import changed

COMPOSE = """\
services:
  db: {image: "db:1", tty: true}
  web: {build: ./web, ports: ["80"], depends_on: [db]}
"""
BINDINGS = """\
version: 1
compose: {file: compose.yaml, services: {db: {programs: [dbcli]}, web: {metrics: /metrics}}}
loads:
  orders: {rate: 5, requests: [GET /]}
slos:
  orders: error_rate(orders) < 1%
  rows: metric(web, rows) < 100
faults:
  slow db: [{at: db, fault: latency, delay_ms: 100}]
runbooks:
  DOWN:
    scenario: orders
    service: web
    series: orders
    fault: slow db
    slos: [orders, rows]
    symptoms: [{contains: fail, is: health(web) == failing}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a folder with a runbook and a compose file, for bindings."""
    (tmp_path / "ops.md").write_text(DOCUMENT)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bind(place: Path, *changes: tuple[str, str]) -> app.PlanRequest:
    (place / "gameday.yaml").write_text(changed(BINDINGS, *changes))
    return app.PlanRequest(Path("ops.md"))


def test_plan_shows_the_services_and_what_has_no_effect(place: Path) -> None:
    done = app.plan(bind(place))
    assert done.problems == ()
    lines = to_text(done.plan).replace(f"{place}/", "").split("\n")
    assert lines[1:4] == [
        "service db: image db:1",
        "service web: built from ./web",
        "note: compose.yaml:2:28: services.db.tty has no effect here: its log is no terminal",
    ]
    assert json.loads(to_json(done.plan))["services"] == ["db", "web"]
    assert [step.refusals for step in done.plan.drills[0].steps] == [(), ()]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("at: db", "at: inference"), "gameday.yaml:9:13: there is no Deployment `inference`; known: db, web, load"),
        (("health(web)", "health(wbe)"),
         "gameday.yaml:17:16: condition `health(wbe) == failing`: there is no service `wbe`; known: db, web"),
        (("web: {metrics: /metrics}", "web: {}"),
         "gameday.yaml:16:11: runbooks.DOWN.slos: condition `metric(web, rows) < 100`: web has no metrics; "
         "give their path, such as `metrics: /metrics`, at compose.services.web (compose.yaml:3:8)"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_a_problem(place: Path, change: tuple[str, str], problem: str) -> None:
    assert [line.replace(f"{place}/", "") for line in app.plan(bind(place, change)).problems] == [problem]


@pytest.mark.parametrize("platform", ["local", "kind", "kubernetes"])
def test_other_platforms_cannot_run_it(place: Path, platform: str) -> None:
    request = app.RunRequest(bind(place), app.PlatformChoice(platform), out=Path("run"))
    with pytest.raises(BindingError) as refused:
        app.run(request)
    fact = f"compose: --platform {platform} runs no compose project; choose --platform docker"
    assert str(refused.value) == f"{place}/gameday.yaml:2:17: {fact}"
    assert not Path("run").exists()


def test_a_comparison_cannot_start_it(place: Path) -> None:
    bind(place)
    with pytest.raises(ComparisonError, match=r"gameday.yaml:2:17: compose: `gameday compare` starts the shipped"):
        app.compare(app.CompareRequest("web:A=1", "web:A=2"))
