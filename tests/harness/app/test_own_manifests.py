"""Bindings with `manifests`: every name is checked before anything starts, and what cannot be known is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import app
from harness.app.members import make_provider
from harness.bindings import load
from harness.errors import BindingError, ComparisonError, GamedayError, MachineError
from harness.report.plan import to_json, to_text
from tests.support.manifests import SHOP

RUNBOOK = """\
### DOWN: The shop is down

**Symptoms:**

- Errors are rising

**Commands:**

```bash
kubectl rollout restart deployment/web -n shop
```
"""
BINDINGS = """\
version: 1
namespace: shop
manifests: all.yaml
loads: {visits: {rate: 10, requests: [GET /]}}
slos: {fast: p95(visits) < 500ms}
faults:
  broken:
    - {at: web, fault: scale-to-zero}
runbooks:
  DOWN:
    scenario: visits
    service: web
    series: visits
    fault: broken
    slos: [fast]
    symptoms:
      - {contains: errors, is: 'error_rate(visits) > 5%'}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ops.md").write_text(RUNBOOK, encoding="utf-8")
    (tmp_path / "all.yaml").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(place: Path, *changes: tuple[str, str]) -> app.PlanResult:
    text = BINDINGS
    for right, wrong in changes:
        assert right in text, right
        text = text.replace(right, wrong, 1)
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    return app.plan(app.PlanRequest(Path("ops.md")))


def test_plan_shows_what_is_deployed(place: Path) -> None:
    found = planned(place)
    assert found.problems == ()
    assert "deploys Deployment web (" in to_text(found.plan)
    assert '"services": [\n    "cache",\n    "web"\n  ]' in to_json(found.plan)


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("service: web", "service: shop", "service: there is no service `shop`; known: cache, web"),
        ("at: web", "at: cache", "there is no Deployment `cache`; known: web, load"),
        ("fault: scale-to-zero", "fault: wedge", "a service of yours implements no fault itself; faults for"),
        ("error_rate(visits) > 5%", "metric(web, x) > 1", "web has no metrics; annotate its pods with prometheus.io"),
        ("error_rate(visits) > 5%", "metric(cache, x) > 1", "there is no service `cache`; known: web"),
    ],
)
def test_name_that_the_manifests_do_not_have_is_a_problem(place: Path, right: str, wrong: str, problem: str) -> None:
    found = planned(place, (right, wrong)).problems
    assert len(found) == 1
    assert problem in found[0]
    assert found[0].startswith(f"{place}/gameday.yaml:")


def test_health_of_a_deployment_without_a_readiness_probe_is_not_known(place: Path) -> None:
    probe = "          readinessProbe: {httpGet: {path: /healthz, port: http}}\n"
    (place / "all.yaml").write_text(SHOP.replace(probe, ""), encoding="utf-8")
    (problem,) = planned(place, ("error_rate(visits) > 5%", "health(web) == failing")).problems
    assert f"web has no readiness probe, which says whether it is healthy; add one ({place}/all.yaml:1:1)" in problem


def test_metrics_can_be_declared_beside_the_manifests(place: Path) -> None:
    declared = ("manifests: all.yaml", "manifests: {path: all.yaml, metrics: {web: /metrics}}")
    assert planned(place, declared, ("error_rate(visits) > 5%", "metric(web, x) > 1")).problems == ()


def test_toggle_on_a_service_that_is_no_deployment_needs_one(place: Path) -> None:
    toggles = "\n**Environment Toggles:**\n\n- `POOL`: 3 → 10\n"
    (place / "ops.md").write_text(RUNBOOK.replace("\n**Commands", f"{toggles}\n**Commands"), encoding="utf-8")
    (problem,) = planned(place, ("service: web", "service: cache")).problems
    assert "toggles.POOL: there is no Deployment `cache`; known: web" in problem
    assert (
        planned(
            place, ("service: web", "service: cache\n    rate: 5"), ("loads:", "toggles: {POOL: web}\nloads:")
        ).problems
        == ()
    )


def test_other_platforms_refuse_manifests(place: Path) -> None:
    planned(place)
    for request in (app.RunRequest(app.PlanRequest(Path("ops.md"))), app.UpRequest()):
        with pytest.raises(BindingError, match=r"gameday.yaml:3:12: manifests: --platform local cannot deploy .*kind"):
            app.run(request) if isinstance(request, app.RunRequest) else app.up(request)
    assert not (place / "runs").exists()


def test_a_fault_that_a_cluster_cannot_apply_is_refused_before_anything_starts(place: Path) -> None:
    planned(place, ("fault: scale-to-zero", "fault: latency, delay_ms: 300"))
    request = app.RunRequest(app.PlanRequest(Path("ops.md")), app.PlatformChoice("kind"))
    with pytest.raises(
        BindingError, match="cannot be applied on --platform kind: it has no proxy in front of a Service"
    ):
        app.run(request)
    assert not (place / "runs").exists()


def test_load_in_the_cluster_is_for_the_shipped_services(place: Path) -> None:
    planned(place)
    choice = app.PlatformChoice("kind", app.PlatformOptions(load_in_cluster=2))
    with pytest.raises(GamedayError, match="load"):
        app.run(app.RunRequest(app.PlanRequest(Path("ops.md")), choice))
    manifests = load(place / "gameday.yaml").manifests
    with pytest.raises(MachineError, match="--load-in-cluster: its image has the scenarios of"):
        make_provider("kind", app.PlatformOptions(load_in_cluster=2, manifests=manifests)).check()


def test_comparison_needs_variants_that_run_already(place: Path) -> None:
    planned(place)
    with pytest.raises(ComparisonError, match=r"gameday.yaml:3:12: manifests: `gameday compare` starts the shipped"):
        app.compare(app.CompareRequest("env:A=1", "env:A=2"))


def test_rights_are_printed_for_manifests_only(place: Path) -> None:
    planned(place)
    kinds = [each["kind"] for each in app.rbac(app.RbacRequest(users=("jane",)))]
    assert (kinds.count("Namespace"), kinds.count("Role"), kinds.count("RoleBinding")) == (2, 4, 4)
    planned(place, ("loads:", "control: {sequential: there is one namespace}\nloads:"))
    (space,) = [each for each in app.rbac(app.RbacRequest(users=("jane",))) if each["kind"] == "Namespace"]
    assert space["metadata"] == {"name": "shop", "annotations": {"gameday.dev/sandbox": "true"}}
    planned(place, ("manifests: all.yaml\n", "services: {web: {run: exec x}}\n"))
    with pytest.raises(BindingError, match="there are no `manifests`"):
        app.rbac(app.RbacRequest(users=("jane",)))
