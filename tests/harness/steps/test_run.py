"""Running a step on a small cluster, and the verdict on its facts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.bash import parse as parse_module
from harness.model import GeneralCommand, Runbook, Toggle
from harness.record.codec import decode, encode
from harness.record.steps import StepFacts
from harness.steps.run import Runner, StepLimits
from harness.steps.session import Session
from harness.steps.step import general_steps, runbook_steps
from harness.verdict.steps import judge_step
from tests.support.small_cluster import SmallCluster
from tests.support.steps import PLACEHOLDERS, SLOW_RUNBOOK

Judge = Callable[[str], tuple[StepFacts, str, str]]


@pytest.fixture
def cluster(tmp_path: Path) -> SmallCluster:
    return SmallCluster(tmp_path)


@pytest.fixture
def session(cluster: SmallCluster, tmp_path: Path) -> Iterator[Session]:
    made = Session(cluster.shell(), tmp_path / "steps", run_dir=tmp_path)
    yield made
    made.close()


def _runner(cluster: SmallCluster, session: Session) -> Runner:
    return Runner(cluster, session, threading.Event(), StepLimits(follow_s=0.3, settle_s=0.2))


@pytest.fixture
def judged(cluster: SmallCluster, session: Session) -> Judge:
    runner = _runner(cluster, session)

    def judge(text: str) -> tuple[StepFacts, str, str]:
        (step,) = general_steps([GeneralCommand(1, text)], PLACEHOLDERS, "production")
        facts = runner.run(step)
        assert decode(StepFacts, json.loads(json.dumps(encode(facts))), "facts") == facts
        return facts, *judge_step(facts)

    return judge


@pytest.mark.parametrize(
    ("text", "verdict", "why"),
    [
        ("kubectl get pods -n production | grep service-name", "ok", "found 1 line"),
        ("kubectl logs -f deployment/service-name | grep -i TIMEOUT", "ok", "found 1 line, ended after"),
        ("kubectl logs -f deployment/service-name", "ok", "found 2 lines, ended after"),
        ("kubectl logs -f deployment/service-name | grep -i nothing", "failed", "ran, found nothing: no line matches"),
        ("kubectl logs -f deployment/nosuch | grep -i timeout", "failed", '"nosuch" not found'),
        ("kubectl logs -f deployment/nosuch | cat", "failed", "the status of the pipeline hides that"),
        ("kubectl get pods -n other", "failed", "ran, found nothing: No resources found in other namespace."),
        ("kubectl gte pods", "failed", 'unknown command "gte"'),
        ("kubctl get pods", "failed", "kubctl: no such program"),
        ("kubectl get pods (", "failed", "syntax error"),
        ("kubectl get pods -n production | grep '['", "failed", "grep failed with exit status 2"),
        ("kubectl describe pod service-pod", "ok", "found 1 line"),
        ("kubectl logs deployment/api | head -1", "ok", "found 1 line"),
        ("POD=api-1", "ok", "it prints nothing"),
        ("kubectl scale deployment service-name --replicas=3", "ok", "changed deployment/api replicas 1 -> 3"),
        ("kubectl scale deployment service-name --replicas=1", "failed", "changed nothing"),
        ("kubectl scale deployment nosuch --replicas=3", "failed", "NotFound"),
        ("kubectl scale deployment api --replicas=0", "ok", "scaled to 0: no pod serves it"),
        ("kubectl rollout restart deployment/api", "ok", "api-1 ended, api-2 started"),
        ("kubectl rollout restart deployment/api && kubectl gte x", "failed", "exit status 1"),
        ("kubectl exec deployment/api -- psql $DATABASE_URL -c 'SELECT 1'", "failed", "operator's own shell"),
        ("rm -rf /", "refused", "not an allowed program"),
        ("kubectl get pod <name>", "failed", "no binding defines `<name>`"),
        ("curl -s http://no-such-service-here.production:8080/health", "failed", "no service of this name"),
    ],
)
def test_command_is_run_and_judged(judged: Judge, text: str, verdict: str, why: str) -> None:
    facts, found, reason = judged(text)
    assert found == verdict, (reason, facts)
    assert why in reason


KILLS = "echo api-9 >api/pods; echo web-9 >web/pods"
"""What the fault `pod-kill` does to the Deployments during a step."""
SCALES = "echo 5 >api/replicas; echo 2 >api/generation"
"""What an autoscaler does to a Deployment."""


@pytest.mark.parametrize(
    ("text", "meanwhile", "changed"),
    [
        ("kubectl scale deployment api --replicas=3", KILLS, ("deployment/api replicas 1 -> 3", "api")),
        ("kubectl scale deployment api --replicas=1", KILLS, ()),
        ("kubectl scale deployment api --replicas=1", "echo 5 >web/replicas; echo 2 >web/generation", ()),
        ("kubectl set env deployment/api MAX_RETRIES=3", KILLS, ()),
        ("kubectl set env deployment/api MAX_RETRIES=3", SCALES, ()),
        ("kubectl scale deployment api --replicas=1", "echo 9 >api/env/MAX_RETRIES; echo 2 >api/generation", ()),
        ("kubectl annotate deployment api checked=yes", SCALES, ()),
        ("kubectl rollout restart deployment/api", SCALES, ("deployment/api generation 1 -> 3", "api")),
        ("kubectl get pods -n production", f"{KILLS}; echo 5 >web/replicas", ()),
        ("kubectl scale deployment nosuch --replicas=3", KILLS, ()),
        ("kubectl rollout restart deployment/api", KILLS, ("deployment/api generation 1 -> 2", "api")),
        ("kubectl delete pod api-1", "echo web-9 >web/pods", ("deployment/api pods: api-1 deleted",)),
        ("kubectl delete pod service-pod", "echo web-9 >web/pods", ("deployment/api pods: api-1 deleted",)),
        ("D=api; kubectl scale deployment $D --replicas=3", "", ("deployment/api replicas 1 -> 3",)),
        ("echo api-1 | xargs kubectl delete pod", "", ("deployment/api pods: api-1 deleted",)),
        ("timeout 5 kubectl scale deployment api --replicas=3", "", ("deployment/api replicas 1 -> 3",)),
        ("kubectl delete pod api-7", KILLS, ()),
    ],
)
def test_change_is_credited_to_the_step_whose_command_caused_it(
    judged: Judge, cluster: SmallCluster, text: str, meanwhile: str, changed: tuple[str, ...]
) -> None:
    cluster.meanwhile(meanwhile)
    facts, verdict, why = judged(text)
    assert facts.changed[:1] == changed[:1]
    assert all("web" not in line for line in facts.changed)
    assert bool(facts.changed) == bool(changed)
    if not changed and facts.purpose == "change" and "nosuch" not in text:
        assert (verdict, "changed nothing" in why) == ("failed", True)


@pytest.mark.parametrize(
    ("text", "verdict", "why"),
    [
        ("kubectl scale deployment api --replicas=1", "failed", "changed nothing"),
        ("kubectl set env deployment/api MAX_RETRIES=3", "failed", "changed nothing"),
        ("kubectl set env deployment/api MAX_RETRIES=5", "ok", "deployment/api MAX_RETRIES 3 -> 5"),
        ("kubectl set env deployment/api PLACEBO=1", "failed", "PLACEBO was not in the environment of deployment/api"),
        ("kubectl set env deployment/api PLACEBO=1 && kubectl scale deployment api --replicas=3", "failed", "PLACEBO"),
    ],
)
def test_target_that_is_deployed_and_variable_that_nothing_reads_are_never_ok(
    judged: Judge, text: str, verdict: str, why: str
) -> None:
    facts, found, reason = judged(text)
    assert found == verdict, (reason, facts)
    assert why in reason


class Accepting(BaseHTTPRequestHandler):
    """Answers a POST by 202."""

    def do_POST(self) -> None:
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_request_that_a_service_accepted_is_a_change(cluster: SmallCluster, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Accepting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "home" / ".curlrc").write_text(f'connect-to = "api:8080:127.0.0.1:{server.server_port}"\n')
        platform = [("127.0.0.1", server.server_port)]
        session = Session(cluster.shell(), tmp_path / "steps", run_dir=tmp_path, destinations=lambda: platform)
        (step,) = general_steps([GeneralCommand(1, "curl -s -X POST http://api:8080/flush")], {}, "production")
        facts = _runner(cluster, session).run(step)
        session.close()
        server.shutdown()
    assert judge_step(facts) == ("ok", "answered 202 Accepted")
    assert facts.changed == ("POST http://api:8080/flush: 202 Accepted",)


def test_output_is_kept_in_full_under_the_run_directory(judged: Judge, tmp_path: Path) -> None:
    facts, _, _ = judged("seq 1 3000 | cat")
    assert (tmp_path / facts.stdout_file).read_text().count("\n") == 3000
    assert (len(facts.stdout), facts.stdout_bytes) == (4000, 13893)
    assert not facts.stdout_file.startswith("/")


def test_placeholder_for_a_missing_pod_fails_the_step(judged: Judge, cluster: SmallCluster) -> None:
    (cluster.files / "api" / "pods").write_text("")
    _, verdict, why = judged("kubectl describe pod service-pod")
    assert verdict == "failed"
    assert "no pod of deployment/api runs" in why


@pytest.mark.parametrize(
    ("toggle", "verdict", "why"),
    [
        (Toggle(2, "Increase", "MAX_RETRIES", "3", "5"), "ok", "MAX_RETRIES 3 -> 5"),
        (Toggle(2, "Increase", "MAX_RETRIES", "2", "5"), "ok", "the runbook documents 2: drift"),
        (Toggle(2, "Increase", "MAX_RETRIES", "3", "1"), "failed", "wrong direction"),
        (Toggle(2, "Decrease", "MAX_RETRIES", "5", "7"), "failed", "wrong direction"),
        (Toggle(2, "Set", "MAX_RETRIES", None, "3"), "failed", "was 3 on deployment/api already"),
        (Toggle(2, "Increase", "MAX_RETRYS", "3", "5"), "failed", "nothing there reads it"),
    ],
)
def test_toggle_is_set_and_read_back(
    cluster: SmallCluster, session: Session, toggle: Toggle, verdict: str, why: str
) -> None:
    runbook = Runbook("X", "X", 1, toggles=(toggle,))
    (step,) = runbook_steps(runbook, {}, {toggle.name: "api"}, "production")
    found, reason = judge_step(_runner(cluster, session).run(step))
    assert found == verdict, reason
    assert why in reason


def test_each_distinct_command_text_is_parsed_once(
    cluster: SmallCluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    syntax_tree = parse_module.syntax_tree

    def counted(text: str) -> object:
        parsed.append(text)
        return syntax_tree(text)

    monkeypatch.setattr(parse_module, "syntax_tree", counted)
    steps = [
        *runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {"MAX_RETRIES": "api"}, "production"),
        *general_steps([GeneralCommand(30, "kubectl describe pod service-pod")], PLACEHOLDERS, "production"),
    ]
    bound = [facts.bound for facts in map(_runner(cluster, session).run, steps) if facts.ran]
    assert parsed == [step.script.text for step in steps if step.script] + ["kubectl describe pod api-1"]
    assert sorted(set(parsed) - set(bound)) == ["kubectl describe pod api-0"], "the pod is only known at run time"
    assert len(parsed) == len(set(parsed))
