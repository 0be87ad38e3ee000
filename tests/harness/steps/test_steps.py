"""From a runbook's words to a judged step: placeholders, the plan, the run, the verdict."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.bash.analyse import analyse
from harness.errors import Interrupted
from harness.model import Action, Command, GeneralCommand, Runbook, Toggle
from harness.policy import classify
from harness.record.codec import decode, encode
from harness.record.steps import StepFacts, ToggleFacts
from harness.responders.nobody import Nobody
from harness.responders.runbook import RunbookResponder
from harness.steps.placeholders import fill
from harness.steps.plan import Step, plan, plan_general
from harness.steps.run import Runner
from harness.steps.session import Session
from harness.verdict.steps import judge_step
from tests.support.small_cluster import SmallCluster

BOUND = {
    "service-name": "api",
    "service:port": "api:8080",
    "tool-service:port": "tools:8080",
    "service-pod": "pod-of(api)",
    "<deployment>": "api",
}


# -- placeholders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("kubectl logs deployment/service-name | grep service-name", "kubectl logs deployment/api | grep api"),
        ("grep my-service-name-x service-names", "grep my-service-name-x service-names"),
        ("curl http://service:port/ http://tool-service:port/", "curl http://api:8080/ http://tools:8080/"),
        ("curl http://service-name.production.svc:80/", "curl http://api.production.svc:80/"),
        ("kubectl describe deployment <deployment>", "kubectl describe deployment api"),
        ("kubectl describe pod service-pod", "kubectl describe pod api-7"),
    ],
)
def test_whole_words_are_filled_the_longest_first(text: str, filled: str) -> None:
    found = fill(text, BOUND, lambda value: "api-7" if value == "pod-of(api)" else value)
    assert (found.text, found.missing) == (filled, ())


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("kubectl describe pod <pod-name>", ("<pod-name>",)),
        ("curl http://other:port/health", ("other:port",)),
        ("kubectl describe pod realtime-pod -n x", ("realtime-pod",)),
        ("kubectl logs {{service}} YOUR_TOKEN -n namespace-name", ("{{service}}", "YOUR_TOKEN", "namespace-name")),
        ("wc < in > out; cat <<EOF >x", ()),
        ("kubectl get -o go-template='{{.metadata.name}}'", ()),
        ("echo $POD_NAME ${SERVICE_NAME}; POD_NAME=a", ()),
    ],
)
def test_what_no_binding_knows_is_missing(text: str, missing: tuple[str, ...]) -> None:
    assert fill(text, BOUND).missing == missing


def test_each_filling_is_told() -> None:
    assert fill("kubectl logs service-name service-name", BOUND).used == (("service-name", "api"),)


# -- what a text means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("kubectl get pods | grep x", "look"),
        ("kubectl rollout status deployment/x", "look"),
        ("kubectl exec x -- cat /app/a", "look"),
        ("kubectl exec x -- psql -c 'SELECT 1'", "look"),
        ("kubectl exec x -- psql -c 'DELETE FROM a'", "change"),
        ("kubectl exec x -- sh -c 'cat a; touch b'", "change"),
        ("kubectl -n y scale deployment x --replicas=3", "change"),
        ("kubectl rollout restart deployment/x", "change"),
        ("curl http://x/", "look"),
        ("curl -XPOST http://x/", "change"),
    ],
)
def test_a_command_looks_or_changes(text: str, purpose: str) -> None:
    assert classify.purpose(analyse(text)) == purpose


def test_a_variable_meant_for_the_pod_is_found_and_repaired() -> None:
    (note,) = classify.notes(analyse('kubectl exec -it deployment/x -- psql $DATABASE_URL -c "SELECT 1;"'))
    assert note.startswith("$DATABASE_URL is filled in by the operator's own shell")
    assert 'psql gets nothing in its place (`psql -c "SELECT 1;"`)' in note
    assert note.endswith("""sh -c 'psql "$DATABASE_URL" -c "SELECT 1;"'""")
    assert classify.notes(analyse("POD=x; kubectl exec y -- echo $POD")) == ()
    assert classify.notes(analyse("kubectl exec y -- sh -c 'echo $POD'")) == ()


# -- the plan ----------------------------------------------------------------------------------------------------------

RUNBOOK = Runbook(
    "SLOW",
    "Slow",
    1,
    actions=(
        Action(5, "Look: `kubectl get pods -n production`", (Command(5, "kubectl get pods -n production"),)),
        Action(6, "Verify dependencies"),
    ),
    commands=(
        Command(10, "kubectl logs -f deployment/service-name -n production | grep -i timeout"),
        Command(11, "kubectl scale deployment service-name --replicas=3 -n production"),
    ),
    toggles=(Toggle(20, "`MAX_RETRIES`: Increase from 3 to 5", "MAX_RETRIES", "3", "5"),),
)


def _plan() -> list[Step]:
    return plan(RUNBOOK, BOUND, {"MAX_RETRIES": "api"}, "production")


def test_the_plan_is_in_the_runbooks_order() -> None:
    steps = _plan()
    assert [(step.number, step.line, step.kind, step.purpose) for step in steps] == [
        (1, 5, "action", "look"),
        (2, 6, "action", "manual"),
        (3, 10, "command", "look"),
        (4, 11, "command", "change"),
        (5, 20, "toggle", "change"),
    ]
    assert steps[2].shown == "kubectl logs -f deployment/api -n production | grep -i timeout"
    assert steps[4].shown.startswith("kubectl set env deployment/api MAX_RETRIES=5 -n production && ")


def test_the_plan_knows_everything_that_is_wrong_before_anything_runs() -> None:
    commands = [GeneralCommand(1, text) for text in ("rm -rf /", "kubectl get pod <name>", "F=/etc/passwd", "cat $F")]
    steps = plan_general(commands, BOUND)
    assert [bool(step.refusals) for step in steps] == [True, False, False, True]
    assert steps[1].missing == ("<name>",)
    assert plan(RUNBOOK, BOUND, {}, "production")[-1].missing == ("toggles.MAX_RETRIES",)


# -- run and judge -----------------------------------------------------------------------------------------------------

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
    return Runner(cluster, session, threading.Event(), follow_s=0.3, settle_s=0.2)


@pytest.fixture
def judged(cluster: SmallCluster, session: Session) -> Judge:
    runner = _runner(cluster, session)

    def judge(text: str) -> tuple[StepFacts, str, str]:
        (step,) = plan_general([GeneralCommand(1, text)], BOUND)
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
        ("kubectl logs -f deployment/nosuch | cat", "failed", "the pipe behind it would have hidden that"),
        ("kubectl get pods -n other", "failed", "ran, found nothing: No resources found in other namespace."),
        ("kubectl gte pods", "failed", 'unknown command "gte"'),
        ("kubctl get pods", "failed", "kubctl: there is no such program"),
        ("kubectl get pods (", "failed", "syntax error"),
        ("kubectl get pods -n production | grep '['", "failed", "grep failed with exit status 2"),
        ("kubectl describe pod service-pod", "ok", "found 1 line"),
        ("kubectl logs deployment/api | head -1", "ok", "found 1 line"),
        ("POD=api-1", "ok", "nothing to print"),
        ("kubectl scale deployment service-name --replicas=3", "ok", "changed deployment/api replicas 1 -> 3"),
        ("kubectl scale deployment service-name --replicas=1", "failed", "changed nothing"),
        ("kubectl scale deployment nosuch --replicas=3", "failed", "NotFound"),
        ("kubectl scale deployment api --replicas=0", "ok", "scaled to 0: nothing serves it"),
        ("kubectl rollout restart deployment/api", "ok", "api-1 ended, api-2 started"),
        ("kubectl rollout restart deployment/api && kubectl gte x", "failed", "exit status 1"),
        ("kubectl exec deployment/api -- psql $DATABASE_URL -c 'SELECT 1'", "failed", "operator's own shell"),
        ("rm -rf /", "refused", "not among the programs"),
        ("kubectl get pod <name>", "failed", "no binding says what `<name>` stands for"),
        ("curl -s http://no-such-service-here.production:8080/health", "failed", "no service of this name"),
    ],
)
def test_steps_are_run_and_judged(judged: Judge, text: str, verdict: str, why: str) -> None:
    facts, found, reason = judged(text)
    assert found == verdict, (reason, facts)
    assert why in reason


def test_the_output_is_kept_under_the_run_directory(judged: Judge, tmp_path: Path) -> None:
    facts, _, _ = judged("seq 1 3000 | cat")
    assert (tmp_path / facts.stdout_file).read_text().count("\n") == 3000
    assert (len(facts.stdout), facts.stdout_bytes) == (4000, 13893)
    assert not facts.stdout_file.startswith("/")


def test_a_pod_that_is_not_there_is_said(judged: Judge, cluster: SmallCluster) -> None:
    (cluster.files / "api" / "pods").write_text("")
    _, verdict, why = judged("kubectl describe pod service-pod")
    assert verdict == "failed"
    assert "no pod of deployment/api runs" in why


def test_the_runbook_is_followed_to_its_end(cluster: SmallCluster, session: Session) -> None:
    told: list[StepFacts] = []
    RunbookResponder(follow_s=0.3, settle_s=0.2).respond(_plan(), cluster, session, told.append, threading.Event())
    assert [judge_step(facts)[0] for facts in told] == ["ok", "manual", "ok", "ok", "ok"]
    assert judge_step(told[4]) == ("ok", "MAX_RETRIES 3 -> 5")
    assert told[3].changed == ("deployment/api replicas 1 -> 3",)
    assert "deployment/api had 1 of 3 pods ready after 0.2 s" in told[3].notes
    assert cluster.state()["api"].env == {"MAX_RETRIES": "5"}


def test_nobody_does_nothing(cluster: SmallCluster, session: Session) -> None:
    told: list[StepFacts] = []
    before = cluster.state()
    Nobody().respond(_plan(), cluster, session, told.append, threading.Event())
    assert told == []
    assert cluster.state() == before


def test_stop_ends_the_response_before_the_next_step(cluster: SmallCluster, session: Session) -> None:
    told: list[StepFacts] = []
    stop = threading.Event()

    def tell(facts: StepFacts) -> None:
        told.append(facts)
        stop.set()

    with pytest.raises(Interrupted, match="line 6"):
        RunbookResponder(follow_s=0.3, settle_s=0.2).respond(_plan(), cluster, session, tell, stop)
    assert [facts.line for facts in told] == [5]


@pytest.mark.parametrize(
    ("toggle", "verdict", "why"),
    [
        (Toggle(2, "Increase", "MAX_RETRIES", "3", "5"), "ok", "MAX_RETRIES 3 -> 5"),
        (Toggle(2, "Increase", "MAX_RETRIES", "2", "5"), "ok", "the runbook says from 2: drift"),
        (Toggle(2, "Increase", "MAX_RETRIES", "3", "1"), "failed", "moved the wrong way"),
        (Toggle(2, "Decrease", "MAX_RETRIES", "5", "7"), "failed", "moved the wrong way"),
        (Toggle(2, "Set", "MAX_RETRIES", None, "3"), "failed", "was 3 on deployment/api already"),
        (Toggle(2, "Increase", "MAX_RETRYS", "3", "5"), "failed", "nothing there reads it"),
    ],
)
def test_a_toggle_is_applied_and_read_back(
    cluster: SmallCluster, session: Session, toggle: Toggle, verdict: str, why: str
) -> None:
    runbook = Runbook("X", "X", 1, toggles=(toggle,))
    (step,) = plan(runbook, {}, {toggle.name: "api"}, "production")
    found, reason = judge_step(_runner(cluster, session).run(step))
    assert found == verdict, reason
    assert why in reason


# -- verdicts on facts that a small cluster cannot bring about ---------------------------------------------------------

CURL = StepFacts(
    1, 1, "action", "look", "curl", "curl", True, ("curl",), (0,), 0,
    urls=("http://api.production.svc:8080/health",), services=("api:8080",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "verdict", "why"),
    [
        (replace(CURL, http=("HTTP/1.1 200 OK",), stdout="{}"), "ok", "answered 200 OK: {}"),
        (replace(CURL, http=("HTTP/1.1 503 Service Unavailable",)), "ok", "answered 503 Service Unavailable"),
        (replace(CURL, http=("HTTP/1.1 503 Busy",), pipestatus=(22,), exit_status=22), "ok", "answered 503 Busy"),
        (replace(CURL, http=("HTTP/1.1 404 Not Found",), stdout="x"), "failed", "answered 404 Not Found: wrong path"),
        (replace(CURL, pipestatus=(7,), exit_status=7), "ok", "the service has no ready pod"),
        (replace(CURL, pipestatus=(7,), exit_status=7, services=("api:80",)), "failed", "no service declares the port"),
        (replace(CURL, pipestatus=(6,), exit_status=6), "failed", "there is no service of this name"),
        (replace(CURL, pipestatus=(28,), exit_status=28), "ok", "did not answer"),
        (replace(CURL, pipestatus=(3,), exit_status=3), "failed", "curl failed with exit status 3"),
        (replace(CURL, timed_out=True, seconds=75.2), "failed", "did not end within 75 s"),
        (replace(CURL, ran=False), "skipped", "not run"),
        (replace(CURL, programs=("curl", "grep"), pipestatus=(0, 1), http=("HTTP/1.1 200 OK",)), "failed", "no line"),
        (replace(CURL, programs=("kubectl logs", "head"), pipestatus=(141, 0), stdout="x"), "ok", "found 1 line"),
        (replace(CURL, programs=("kubectl logs", "grep"), pipestatus=(143, 0), stdout="x"), "failed", "status 143"),
        (
            replace(CURL, toggle=ToggleFacts("api", "A", "1", "1", "2", "1")),
            "failed",
            "the running pod of deployment/api shows '1' and not '2'",
        ),
    ],
)
def test_verdicts(facts: StepFacts, verdict: str, why: str) -> None:
    found, reason = judge_step(facts)
    assert found == verdict, reason
    assert why in reason


@pytest.mark.parametrize(
    ("stderr", "verdict"),
    [
        ("", "ok"),
        ("Found 2 pods, using pod/web-1\n", "ok"),
        ('Defaulted container "app" out of: app, init (init)\n', "ok"),
        ("error: You must be logged in to the server\n", "failed"),
    ],
)
def test_kubectls_own_status_for_an_interrupt_is_no_failure(stderr: str, verdict: str) -> None:
    """kubectl 1.36 follows SIGINT with status 1; an error of its own has a word for it, even when it was ended."""
    facts = StepFacts(
        1, 21, "action", "look", "kubectl logs -f deployment/web", ran=True, programs=("kubectl logs",),
        pipestatus=(1,), exit_status=1, ended=True, stdout="a line\n", stdout_bytes=7, stderr=stderr,
    )  # fmt: skip
    assert judge_step(facts)[0] == verdict
    assert judge_step(replace(facts, ended=False))[0] == "failed", "nobody interrupted it"
