"""Wrong steps of a runbook on the local platform, planned and executed as in a drill; each reason names the fact."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness import bindings
from harness.plan import DrillPlan, make_plan
from harness.platforms.local.platform import LocalPlatform
from harness.record.steps import StepFacts
from harness.responders.runbook import RunbookResponder
from harness.runbook import parse
from harness.steps.run import StepLimits
from harness.steps.session import Session
from harness.verdict.steps import judge_step
from tests.support.incident import RecordedIncident
from tests.support.paths import BINDINGS
from tests.support.waiting import wait_until

PRODUCTION = "-n production"
DATABASE = 'kubectl exec -it deployment/api-gateway -n production -- psql $DATABASE_URL -c "SELECT 1;"'
INSIDE = """sh -c 'psql "$DATABASE_URL" -c "SELECT 1;"'"""


@dataclass
class Operator:
    """Executes documents of one step on one platform, each in a new session."""

    platform: LocalPlatform
    folder: Path
    _number: Iterator[int] = field(default_factory=itertools.count)

    def follow(self, text: str) -> tuple[str, str, StepFacts]:
        """Return verdict, reason and facts of the step that this text documents; a toggle begins with `- `."""
        (step,) = planned(text).steps
        assert not step.refusals
        assert not step.missing
        folder = self.folder / f"steps{next(self._number)}"
        session = Session(self.platform.shell(), folder, run_dir=self.folder, destinations=self.platform.destinations)
        recorded = RecordedIncident(self.platform, session, [step])
        try:
            RunbookResponder(StepLimits(follow_s=0.5)).respond(recorded.incident)
        finally:
            session.close()
        (facts,) = recorded.steps_executed
        return *judge_step(facts), facts


def planned(text: str) -> DrillPlan:
    """Return the plan of a runbook with this one step, with the project's own bindings."""
    section, body = ("Environment Toggles", text) if text.startswith("- ") else ("Commands", f"```bash\n{text}\n```")
    symptoms = "# X\n\n### TIMEOUT: One step\n\n**Symptoms:**\n\n- P95 > 500ms\n\n"
    document = parse(f"{symptoms}**{section}:**\n\n{body}\n", "one.md")
    (drill,) = make_plan(document, bindings.load(BINDINGS), []).drills
    return drill


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    platform = LocalPlatform(folder / "platform")
    platform.up()
    try:
        wait_until(lambda: platform.kubectl("top", "pods", "-n", platform.namespace).status == 0)
        yield Operator(platform, folder)
    finally:
        platform.down()


WRONG = {
    "a deployment that does not exist, scaled": (
        f"kubectl scale deployment nosuch --replicas=3 {PRODUCTION}",
        '"nosuch" not found',
    ),
    "… restarted": (f"kubectl rollout restart deployment/nosuch {PRODUCTION}", '"nosuch" not found'),
    "… its logs": (f"kubectl logs deployment/nosuch {PRODUCTION}", '"nosuch" not found'),
    "… its logs, hidden by a pipe": (
        f"kubectl logs deployment/nosuch {PRODUCTION} | cat",
        "the status of the pipeline hides that",
    ),
    "a namespace that does not exist, listed": ("kubectl get pods -n nosuch", "No resources found in nosuch namespace"),
    "… listed and searched": ("kubectl get pods -n nosuch | grep inference", "no line matches"),
    "… measured": ("kubectl top pods -n nosuch", "No resources found in nosuch namespace"),
    "… logged": ("kubectl logs deployment/inference -n nosuch", 'not found in namespace "nosuch"'),
    "… scaled": ("kubectl scale deployment inference --replicas=3 -n nosuch", '"nosuch" not found'),
    "a mistyped verb": (f"kubectl scael deployment inference --replicas=3 {PRODUCTION}", 'unknown command "scael"'),
    "a mistyped flag": (f"kubectl scale deployment inference --replica=3 {PRODUCTION}", "unknown flag: --replica"),
    "a number written as a word": (
        f"kubectl scale deployment inference --replicas=two {PRODUCTION}",
        'invalid argument "two"',
    ),
    "a wrong path": ("curl http://api-gateway:8080/healthz", "answered 404 Not Found"),
    "a wrong port": ("curl http://api-gateway:8081/health", "no service declares the port of api-gateway:8081"),
    "a wrong host": ("curl http://api-gatway:8080/health", "no service of this name: api-gatway:8080"),
    "text that no log has": (
        f"kubectl logs -f deployment/api-gateway {PRODUCTION} | grep -i 'flux capacitor'",
        "found nothing: no line matches",
    ),
    "a program that does not exist": (f"kubctl get pods {PRODUCTION}", "kubctl: no such program"),
    "a text that is not shell": ("fi", "syntax error"),
    "a scale to what it is already": (
        f"kubectl scale deployment realtime --replicas=1 {PRODUCTION}",
        "changed nothing",
    ),
    "a program that the pod lacks": (
        f"kubectl exec deployment/inference {PRODUCTION} -- fluxctl",
        '"fluxctl": executable file not found',
    ),
    "a file that the pod lacks": (
        f"kubectl exec deployment/inference {PRODUCTION} -- cat /app/nosuch.json",
        "nosuch.json: No such file or directory",
    ),
    "a toggle that no program reads": ("- `FLUX_CAPACITY`: Increase from 1 to 2", "nothing there reads it"),
    "a toggle changed in the wrong direction": (
        "- `TIMEOUT_THRESHOLD_MS`: Increase from 5000 to 1000",
        "wrong direction: 5000 -> 1000 contradicts `increase` in the text",
    ),
    "a toggle at its value already": (
        "- `CIRCUIT_BREAKER_THRESHOLD`: Set to 5",
        "was 5 on deployment/api-gateway already",
    ),
    "a variable that no program reads, set by a command": (
        f"kubectl set env deployment/inference PLACEBO=1 {PRODUCTION}",
        "PLACEBO was not in the environment of deployment/inference before: nothing there reads it",
    ),
    "a variable at its value already, set by a command": (
        f"kubectl set env deployment/realtime WEBSOCKET_TIMEOUT_MS=30000 {PRODUCTION}",
        "changed nothing",
    ),
    "a variable expanded by the wrong shell": (DATABASE, "$DATABASE_URL is expanded by the operator's own shell"),
}


@pytest.mark.parametrize(("text", "fact"), WRONG.values(), ids=WRONG.keys())
def test_wrong_step_fails_and_the_reason_names_the_fact(operator: Operator, text: str, fact: str) -> None:
    verdict, why, facts = operator.follow(text)
    assert (verdict, fact in why) == ("failed", True), why
    assert facts.ran


LOOKS = {
    "pods": f"kubectl get pods {PRODUCTION} | grep service-name",
    "usage": f"kubectl top pods {PRODUCTION}",
    "health": "curl http://service:port/health",
    "logs, followed": f"kubectl logs -f deployment/realtime {PRODUCTION} | grep -i 'active connections'",
    "a file in a pod": f"kubectl exec -it deployment/api-gateway {PRODUCTION} -- cat /app/validation_rules.json",
    "metrics in a pod": f"kubectl exec -it deploy/realtime {PRODUCTION} -- curl localhost:8080/metrics | grep webs",
    "a pod by its placeholder": f"kubectl describe pod tool-service-pod {PRODUCTION}",
    "the database from the pod": f"kubectl exec deployment/api-gateway {PRODUCTION} -- {INSIDE}",
}


@pytest.mark.parametrize("text", LOOKS.values(), ids=LOOKS.keys())
def test_correct_look_is_ok_and_changes_nothing(operator: Operator, text: str) -> None:
    verdict, why, facts = operator.follow(text)
    assert (verdict, facts.changed) == ("ok", ()), why
    assert facts.stdout.strip()
    assert "service-name" not in facts.bound, "a placeholder is filled before it runs"


CHANGES = {
    "scale": (
        f"kubectl scale deployment service-name --replicas=2 {PRODUCTION}",
        "deployment/inference replicas 1 -> 2",
    ),
    "scale to nothing": (
        f"kubectl scale deployment service-name --replicas=0 {PRODUCTION}",
        "scaled to 0: no pod serves it",
    ),
    "restart": (
        f"kubectl rollout restart deployment/tool-service {PRODUCTION}",
        "deployment/tool-service generation 1 -> 2",
    ),
    "a pod deleted by name": (
        f"kubectl delete pod tool-service-pod {PRODUCTION}",
        "deployment/tool-service pods: tool-service-",
    ),
    "pods deleted by a selector": (
        f"kubectl get pods {PRODUCTION} -o name | grep realtime | xargs kubectl delete {PRODUCTION}",
        "deployment/realtime pods: realtime-",
    ),
    "variable": (
        f"kubectl set env deployment/realtime BACKPRESSURE_THRESHOLD=0.9 {PRODUCTION}",
        "BACKPRESSURE_THRESHOLD 0.8 -> 0.9",
    ),
    "toggle": ("- `MAX_RETRIES`: Increase from 3 to 5", "MAX_RETRIES 3 -> 5"),
    "toggle that was deployed otherwise": (
        "- `TOOL_RETRY_ATTEMPTS`: Increase from 2 to 4",
        "3 -> 4 (the runbook documents 2: drift)",
    ),
}


@pytest.mark.parametrize(("text", "fact"), CHANGES.values(), ids=CHANGES.keys())
def test_correct_change_is_ok_and_reports_what_it_changed(operator: Operator, text: str, fact: str) -> None:
    verdict, why, facts = operator.follow(text)
    assert (verdict, fact in why) == ("ok", True), why
    assert facts.changed


def test_variable_expanded_by_the_wrong_shell_runs_as_written_and_a_working_command_is_shown(
    operator: Operator,
) -> None:
    _, why, facts = operator.follow(DATABASE)
    assert INSIDE in why, "the command that works is shown"
    assert facts.exit_status == 2
    shown = (operator.folder / facts.stdout_file).with_suffix(".err").read_text()
    assert "psql: error: connection to server on socket" in shown
    assert shown.rstrip().endswith("command terminated with exit code 2")


def test_text_that_is_not_shell_is_not_a_step_and_is_named() -> None:
    drill = planned("kubectl get pods -n production | grep 'inference")
    assert drill.steps == ()
    assert [(unread.line, "not shell" in unread.why) for unread in drill.unread] == [(12, True)]


@pytest.mark.parametrize(
    ("text", "why"),
    [("rm -rf /", "rm"), ("kubectl apply -f all.yaml", "apply"), ("cat /etc/passwd", "/etc/passwd")],
)
def test_unsafe_command_is_refused_and_not_run(operator: Operator, text: str, why: str) -> None:
    (step,) = planned(text).steps
    assert any(why in reason for reason in step.refusals)
    session = Session(operator.platform.shell(), operator.folder / "refused")
    recorded = RecordedIncident(operator.platform, session, [step])
    try:
        RunbookResponder().respond(recorded.incident)
    finally:
        session.close()
    assert [(facts.ran, judge_step(facts)[0]) for facts in recorded.steps_executed] == [(False, "refused")]


def test_placeholder_without_a_binding_is_known_before_the_run() -> None:
    (step,) = planned("kubectl logs <pod> -n production").steps
    assert step.missing == ("<pod>",)
