"""The verdict on the recorded facts of a step."""

from dataclasses import replace

import pytest

from harness.record.steps import StepFacts, ToggleFacts
from harness.verdict.steps import judge_step

CURL = StepFacts(
    1,
    1,
    "action",
    "read",
    "curl",
    "curl",
    True,
    ("curl",),
    (0,),
    0,
    urls=("http://api.production.svc:8080/health",),
    services=("api:8080",),
)


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
def test_facts_of_a_step_give_its_verdict(facts: StepFacts, verdict: str, why: str) -> None:
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
def test_status_of_kubectl_after_sigint_is_not_a_failure(stderr: str, verdict: str) -> None:
    """kubectl 1.36 ends with status 1 after SIGINT; an error of its own is also on stderr."""
    facts = StepFacts(
        1,
        21,
        "action",
        "read",
        "kubectl logs -f deployment/web",
        ran=True,
        programs=("kubectl logs",),
        pipestatus=(1,),
        exit_status=1,
        ended=True,
        stdout="a line\n",
        stdout_bytes=7,
        stderr=stderr,
    )
    assert judge_step(facts)[0] == verdict
    assert judge_step(replace(facts, ended=False))[0] == "failed", "it was not interrupted"
