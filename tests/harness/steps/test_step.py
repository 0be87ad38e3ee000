"""The steps of a runbook: their order, their commands, and the problems that are known before the run."""

import pytest

from harness.bindings import StepOrder
from harness.model import GeneralCommand
from harness.runbook import parse
from harness.steps.step import general_steps, runbook_steps
from tests.support.steps import PLACEHOLDERS, SLOW_RUNBOOK


def test_steps_are_in_the_order_of_the_runbook() -> None:
    steps = runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {"MAX_RETRIES": "api"}, "production")
    assert [(step.number, step.line, step.kind, step.purpose) for step in steps] == [
        (1, 5, "action", "read"),
        (2, 6, "action", "manual"),
        (3, 10, "command", "read"),
        (4, 11, "command", "change"),
        (5, 20, "toggle", "change"),
    ]
    assert steps[2].shown == "kubectl logs -f deployment/api -n production | grep -i timeout"
    assert steps[4].shown.startswith("kubectl set env deployment/api MAX_RETRIES=5 -n production && ")


def test_refusals_and_missing_bindings_are_known_before_the_run() -> None:
    commands = [GeneralCommand(1, text) for text in ("rm -rf /", "kubectl get pod <name>", "F=/etc/passwd", "cat $F")]
    steps = general_steps(commands, PLACEHOLDERS, "production")
    assert [bool(step.refusals) for step in steps] == [True, False, False, True]
    assert steps[1].missing == ("<name>",)
    assert runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {}, "production")[-1].missing == ("toggles.MAX_RETRIES",)


def test_step_carries_its_parsed_command_with_its_line() -> None:
    (step,) = general_steps([GeneralCommand(7, "kubectl describe pod service-pod")], PLACEHOLDERS, "production")
    assert step.shown == "kubectl describe pod pod-of(api)"
    assert step.script is not None
    assert (step.script.text, step.script.line) == ("kubectl describe pod api-0", 7)


def test_text_that_bash_cannot_read_is_not_refused() -> None:
    """bash reports the error, and nothing of the text runs."""
    (step,) = general_steps([GeneralCommand(1, "kubectl get pods (")], {}, "production")
    assert step.refusals == ()
    assert step.script is not None
    assert step.script.doubts


TOGGLES_FIRST = """# X

### WEB: Slow

**Symptoms:**

- P95 > 500ms

**Environment Toggles:**

| Variable | From | To |
|---|---|---|
| `B_LIMIT` | 1 | 2 |
| `A_LIMIT` | 3 | 4 |

**Commands:**

| Command | Purpose |
|---|---|
| `kubectl get pods` | look |
| `kubectl scale deployment api --replicas=3` | grow |

**Immediate Actions:**

- Look at the logs: `kubectl logs deployment/api`

**Commands:**

```bash
kubectl set env deployment/api STRICT=true
```
"""


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (StepOrder.DOCUMENT, ["B_LIMIT", "A_LIMIT", "get pods", "scale", "logs", "STRICT"]),
        (StepOrder.TOGGLES_LAST, ["get pods", "scale", "logs", "STRICT", "B_LIMIT", "A_LIMIT"]),
    ],
)
def test_steps_run_in_the_order_of_their_lines_or_with_the_toggles_last(order: StepOrder, expected: list[str]) -> None:
    (runbook,) = parse(TOGGLES_FIRST).runbooks
    steps = runbook_steps(runbook, {}, {"A_LIMIT": "api", "B_LIMIT": "api"}, "production", order)
    assert [step.number for step in steps] == list(range(1, 7))
    assert [word in step.shown for step, word in zip(steps, expected, strict=True)] == [True] * 6
