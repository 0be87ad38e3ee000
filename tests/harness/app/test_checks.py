"""Every name in the bindings that does not exist is a problem of plan and run, all at once and with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness import app
from harness.errors import BindingError
from harness.faults.implemented import IMPLEMENTED
from harness.report.plan import to_text
from tests.support.paths import BINDINGS, ROOT, RUNBOOK, SLOS

TEXT = BINDINGS.read_text(encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a folder with the shipped runbook and SLOs, for bindings."""
    shutil.copy(RUNBOOK, tmp_path / "ops.md")
    shutil.copytree(SLOS, tmp_path / "slos")
    (tmp_path / "plain.py").write_text("from locust import HttpUser", encoding="utf-8")
    (tmp_path / "wave.py").write_text("import locust\nclass Wave(locust.LoadTestShape): ...", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(place: Path, *changes: tuple[str, str]) -> list[str]:
    """The problems of the plan with these changes to the shipped bindings; a run names the same ones."""
    text = TEXT
    for right, wrong in changes:
        assert right in text, right
        text = text.replace(right, wrong, 1)
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    found = app.plan(app.PlanRequest(Path("ops.md"))).problems
    if found:
        with pytest.raises(BindingError) as refused:
            app.run(app.RunRequest(app.PlanRequest(Path("ops.md")), out=Path("run")))
        assert str(refused.value) == "\n".join(found)
    return [line.removeprefix(f"{place}/") for line in found]


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("scenario: timeout", "scenario: timeot", "runbooks.TIMEOUT.scenario: scenario `timeot`: neither a shipped"),
        (
            "service: api-gateway",
            "service: gateway",
            "probes.inference.service: there is no service `gateway`; known: api",
        ),
        (
            "scenario: timeout\n    service: api-gateway",
            "scenario: timeout\n    service: gateway",
            "runbooks.TIMEOUT.service: there is no service `gateway`; known: api",
        ),
        (
            "scenario: timeout",
            "scenario: timeout\n    users: 5",
            "TIMEOUT.users: is for a plain locustfile; `timeout` has",
        ),
        (
            "scenario: timeout",
            "scenario: plain.py",
            "scenario: `plain.py` is a locustfile; add `users`, how many of them",
        ),
        (
            "scenario: timeout",
            "scenario: plain.py\n    users: 2\n    rate: 5",
            "rate: a locustfile has no rate of arrivals",
        ),
        (
            "scenario: timeout",
            "scenario: wave.py\n    users: 2",
            "`wave.py` has the load shape Wave, which would change",
        ),
        ("series: gateway", "series: gatway", "series: scenario `timeout` has no series `gatway`; it has gateway"),
        ("at: inference, fault", "at: inferense, fault", "there is no Deployment `inferense`; known: api-gateway"),
        (
            "fault: slot-loss, slots: 5",
            "fault: slot-los, slots: 5",
            "inference has no fault `slot-los`; it has slot-loss",
        ),
        ("slots: 5", "slot: 5", "`slot-loss` has no parameter slot; it has slots"),
        ("fault: surge, factor: 2", "fault: crowd", "load has no fault `crowd`; it has surge"),
        ("factor: 2", "faktor: 2", "`surge` has no parameter faktor; it has factor"),
        (
            "contains: timeout errors",
            "contains: time-out errors",
            "TIMEOUT has no symptom that contains `time-out errors in",
        ),
        ("contains: timeout errors in logs", "line: 99", "TIMEOUT has no symptom at line 99; its symptoms: line 13"),
        ("MAX_RETRIES: api-gateway", "MAX_RETRIES: gateway", "toggles.MAX_RETRIES: there is no Deployment `gateway`"),
    ],
)
def test_name_that_does_not_exist_is_a_problem_with_its_place(
    place: Path, right: str, wrong: str, problem: str
) -> None:
    (found,) = problems(place, (right, wrong))
    assert problem in found
    assert found.startswith("gameday.yaml:")


LOADS = "loads: {shop: {rate: 50, requests: [GET /, {send: POST /cart, share: 0.25, series: cart}]}}\nrunbooks:"


def test_control_is_not_observed_for_longer_than_a_fault_lasts(place: Path) -> None:
    control = ("faults:", "control: {sequential: one database, observe_s: 300}\nfaults:")
    found = problems(place, control)
    assert len(found) >= 4
    assert all(": control.observe_s: 300 s is longer than the fault `" in line for line in found)
    assert problems(place, (control[0], control[1].replace("300", "90"))) == []


def test_load_of_the_bindings_is_a_scenario_with_its_series(place: Path) -> None:
    shop = ("scenario: timeout", "scenario: shop")
    (found,) = problems(place, ("runbooks:", LOADS), shop)
    assert "series: scenario `shop` has no series `gateway`; it has shop, cart" in found
    assert problems(place, ("runbooks:", LOADS), shop, ("series: gateway", "series: cart")) == []
    assert "  load      shop: 50/s: GET / 75 %, POST /cart 25 %\n" in to_text(
        app.plan(app.PlanRequest(Path("ops.md"))).plan
    )


def test_plan_says_what_a_closed_load_understates(place: Path) -> None:
    assert problems(place, ("scenario: timeout", "scenario: plain.py\n    users: 5")) == []
    text = to_text(app.plan(app.PlanRequest(Path("ops.md"))).plan)
    assert "  load      plain.py: closed load: each of 5 users waits for its answer" in text


def test_all_problems_are_named_at_once(place: Path) -> None:
    changes = [("service: api-gateway", "service: a"), ("series: gateway", "series: b"), ("slots: 5", "slot: 5")]
    assert len(problems(place, *changes, ("contains: 503 errors", "contains: 504 errors"))) == 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("fault: latency, delay_ms: 300", "it has no proxy in front of the shipped services"),
        ("fault: full-disk", "the shipped services have no volume; use services of your own with `volume:`"),
        ("fault: dns-failure", "it has no DNS server, its services know each other by address; use --platform docker"),
        ("fault: partition, from: api-gateway", "it has no network that enforces NetworkPolicies; use --platform kind"),
    ],
)
def test_fault_that_the_platform_cannot_apply_is_refused_before_anything_starts(
    place: Path, fault: str, reason: str
) -> None:
    assert problems(place) == []
    (place / "gameday.yaml").write_text(TEXT.replace("fault: slot-loss, slots: 5", fault, 1), encoding="utf-8")
    assert app.plan(app.PlanRequest(Path("ops.md"))).problems == ()
    with pytest.raises(
        BindingError, match=r"gameday\.yaml:\d+:\d+: fault `inference: .*` cannot be applied"
    ) as refused:
        app.run(app.RunRequest(app.PlanRequest(Path("ops.md")), out=Path("run")))
    assert f"cannot be applied on --platform local: {reason}" in str(refused.value)
    assert not Path("run").exists()


def test_shipped_bindings_have_no_problem(place: Path) -> None:
    assert problems(place) == []


def test_implemented_faults_are_those_of_the_contract() -> None:
    page = (ROOT / "docs" / "reference" / "contracts.md").read_text(encoding="utf-8")
    table = page.split("\n## Faults\n")[1].strip().split("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    found: dict[str, dict[str, frozenset[str]]] = {"api-gateway": {}}
    for where, name, parameters, *_ in rows:
        names = frozenset(word.strip("` ") for word in parameters.split(",") if word)
        found.setdefault(where, {})[name.strip("`")] = names
    assert found == IMPLEMENTED
