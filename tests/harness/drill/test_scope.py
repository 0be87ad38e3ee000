"""What the response does to services that the incident does not concern, in simulated drills."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.record.event import CONTROL, TREATMENT
from harness.stats.inflation import ENOUGH_S, VifEstimate
from harness.verdict.result import DrillResult, Verdict
from tests.support.simulated_drill import World, incident, ran

SCALE_TO_ZERO = ran(
    "change", "kubectl scale deployment chat --replicas=0", changed=("deployment/chat replicas 3 -> 0",)
)
REMEDY = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))
Available = Callable[[str, float | None], Mapping[str, Sequence[bool]]]


def drill_of(folder: Path, available: Available, **changes: object) -> DrillResult:
    world = World(folder, incident, known=VifEstimate(1.3, ENOUGH_S), available=available, **changes)  # type: ignore[arg-type]
    (drill,) = world.run().drills
    return drill


def down(begin_s: float, end_s: float, sides: tuple[str, ...] = (TREATMENT,)) -> Available:
    """The chat service does not answer in this time after the begin of the response; the web service always does."""

    def available(side: str, responding_s: float | None) -> Mapping[str, Sequence[bool]]:
        answers = side not in sides or responding_s is None or not begin_s <= responding_s < end_s
        return {"web": (True,), "chat": (answers, answers)}

    return available


def test_outage_of_another_service_fails_and_names_the_step(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, down(1, 12), steps=(SCALE_TO_ZERO, REMEDY))
    assert drill.verdict is Verdict.FAILED
    assert drill.why[0] == (
        "the response made deployment/chat unavailable for 10 s or more (line 30: "
        "`kubectl scale deployment chat --replicas=0`): none of its pods answered their health check, on the control "
        "they did"
    )
    (outage,) = drill.outages
    assert (outage.deployment, outage.line, outage.seconds) == ("chat", 30, 10.0)


def test_outage_that_does_not_end_fails(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, down(1, 1e9), steps=(SCALE_TO_ZERO, REMEDY))
    assert drill.verdict is Verdict.FAILED
    assert "made deployment/chat unavailable" in drill.why[0]


def test_outage_is_blamed_on_the_step_that_changed_the_deployment(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, down(3, 12), steps=(SCALE_TO_ZERO, REMEDY))
    assert drill.outages[0].step == "kubectl scale deployment chat --replicas=0"


@pytest.mark.parametrize(
    ("available", "faulted"),
    [
        pytest.param(down(1, 3), (), id="too short to tell from a slow answer"),
        pytest.param(down(1, 12, (TREATMENT, CONTROL)), (), id="on the control as well"),
        pytest.param(down(1, 12), ("chat",), id="of the service that the fault acts on"),
        pytest.param(lambda side, responding: {}, (), id="nothing was sampled"),
    ],
)
def test_other_outages_do_not_fail(tmp_path: Path, available: Available, faulted: tuple[str, ...]) -> None:
    drill = drill_of(tmp_path, available, faulted=faulted, steps=(SCALE_TO_ZERO, REMEDY))
    assert (drill.verdict, drill.outages) == (Verdict.PASSED, ())


def test_service_that_was_down_before_the_response_is_not_blamed_on_it(tmp_path: Path) -> None:
    def available(side: str, responding_s: float | None) -> Mapping[str, Sequence[bool]]:
        return {"chat": (False,)}

    drill = drill_of(tmp_path, available, steps=(SCALE_TO_ZERO, REMEDY))
    assert (drill.verdict, drill.outages) == (Verdict.PASSED, ())


def test_lowered_replicas_are_a_finding(tmp_path: Path) -> None:
    lowered = ran("change", "kubectl scale deployment chat --replicas=1", changed=("deployment/chat replicas 3 -> 1",))
    drill = drill_of(tmp_path, down(0, 0), steps=(lowered, REMEDY))
    assert drill.verdict is Verdict.PASSED
    assert "line 30: lowered the replicas of deployment/chat from 3 to 1" in drill.findings


def broken(begin_s: float, end_s: float, sides: tuple[str, ...] = (TREATMENT,)) -> Callable[..., Mapping[str, str]]:
    """The requests of the probe `tool calls` fail in this time after the begin of the response."""

    def failures(side: str, responding_s: float | None) -> Mapping[str, str]:
        fails = side in sides and responding_s is not None and begin_s <= responding_s < end_s
        return {"tool calls": "HTTP 504" if fails else "", "inference": ""}

    return failures


def test_broken_probe_fails_and_names_the_step_and_the_answer(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, down(0, 0), requests=broken(2, 13), steps=(REMEDY, SCALE_TO_ZERO))
    assert drill.verdict is Verdict.FAILED
    assert drill.why[0] == (
        "the response broke the probe `tool calls` for 10 s or more (line 30: `kubectl scale deployment chat "
        "--replicas=0`): its requests failed (HTTP 504), on the control they did not"
    )
    (outage,) = drill.outages
    assert (outage.probe, outage.deployment, outage.why, outage.seconds) == ("tool calls", "", "HTTP 504", 10.0)


def test_steps_that_follow_each_other_at_once_are_named_as_possible_causes(tmp_path: Path) -> None:
    first, second = replace(SCALE_TO_ZERO, line=31, seconds=1.5), replace(REMEDY, line=33)
    drill = drill_of(tmp_path, down(0, 0), requests=broken(1.5, 13), steps=(first, second))
    (outage,) = drill.outages
    assert (outage.line, outage.last_line, outage.step) == (31, 33, first.text)
    assert "(by line 31 or a step up to line 33: `kubectl scale deployment chat --replicas=0`)" in drill.why[0]


@pytest.mark.parametrize("requests", [broken(1, 3), broken(1, 12, (TREATMENT, CONTROL))], ids=["short", "both sides"])
def test_probe_that_the_response_did_not_break_does_not_fail(
    tmp_path: Path, requests: Callable[..., Mapping[str, str]]
) -> None:
    drill = drill_of(tmp_path, down(0, 0), requests=requests, steps=(SCALE_TO_ZERO, REMEDY))
    assert (drill.verdict, drill.outages) == (Verdict.PASSED, ())


def now_and_then(every: int, sides: tuple[str, ...] = (TREATMENT,)) -> Callable[..., Mapping[str, str]]:
    """One in `every` requests of the probe fails after the response began."""

    def failures(side: str, responding_s: float | None) -> Mapping[str, str]:
        fails = side in sides and responding_s is not None and int(responding_s) % every == every - 1
        return {"tool calls": "HTTP 502" if fails else "", "inference": ""}

    return failures


def test_probe_that_fails_in_part_after_the_response_fails_the_drill(tmp_path: Path) -> None:
    drill = drill_of(tmp_path, down(0, 0), requests=now_and_then(4), steps=(REMEDY,))
    (outage,) = drill.outages
    assert drill.verdict is Verdict.FAILED
    assert (outage.probe, outage.why, outage.line) == ("tool calls", "HTTP 502", REMEDY.line)
    assert 0.2 < outage.failed / outage.samples < 0.3
    assert drill.why[0] == (
        f"the response broke the probe `tool calls` in part (line {REMEDY.line}: `{REMEDY.text}`): {outage.failed} of "
        f"{outage.samples} requests failed after it (HTTP 502), none before it and on the control"
    )


@pytest.mark.parametrize(
    "requests",
    [now_and_then(4, (TREATMENT, CONTROL)), now_and_then(15), broken(20, 22)],
    ids=["on the control as well", "too rare to tell from chance", "once"],
)
def test_probe_that_fails_now_and_then_by_chance_does_not_fail_the_drill(
    tmp_path: Path, requests: Callable[..., Mapping[str, str]]
) -> None:
    drill = drill_of(tmp_path, down(0, 0), requests=requests, steps=(REMEDY,))
    assert (drill.verdict, drill.outages) == (Verdict.PASSED, ())


def test_probe_that_failed_before_the_fault_is_a_finding(tmp_path: Path) -> None:
    def requests(side: str, responding_s: float | None) -> Mapping[str, str]:
        return {"tool calls": "HTTP 403", "inference": ""}

    drill = drill_of(tmp_path, down(0, 0), requests=requests)
    (finding,) = drill.findings
    assert finding.startswith("the probe `tool calls` failed before the fault, in ")
    assert finding.endswith("samples (HTTP 403): it cannot show whether the response breaks it")


PROBE = '{"failureThreshold":%d,"httpGet":{"path":"/health","port":8080},"periodSeconds":%d}'


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (f"livenessProbe {PROBE % (3, 10)} -> (not set)", "removed the livenessProbe of deployment/chat"),
        ("limits.memory 512Mi -> (not set)", "removed the limits.memory of deployment/chat"),
        (f"readinessProbe {PROBE % (3, 2)} -> {PROBE % (30, 10)}",
         "let the readinessProbe of deployment/chat fail for 300 s instead of 6 s before it counts"),
        ('livenessProbe {"httpGet":{}} -> {"failureThreshold":6}',
         "let the livenessProbe of deployment/chat fail for 60 s instead of 30 s before it counts"),
        (f"readinessProbe {PROBE % (3, 10)} -> {PROBE % (3, 2)}", ""),
        (f"livenessProbe (not set) -> {PROBE % (3, 2)}", ""),
        ("limits.memory 512Mi -> 1Gi", ""),
        ("TIMEOUT_MS 500 -> (not set)", ""),
    ],
)  # fmt: skip
def test_removed_or_slower_protection_is_a_finding(tmp_path: Path, change: str, finding: str) -> None:
    patch = ran("change", "kubectl patch deployment chat -p …", changed=(f"deployment/chat {change}",))
    drill = drill_of(tmp_path, down(0, 0), steps=(patch, REMEDY))
    assert drill.verdict is Verdict.PASSED
    found = [each for each in drill.findings if "deployment/chat" in each]
    assert found == ([f"line 30: {finding}"] if finding else [])


def test_pods_that_are_left_without_an_answer_are_a_finding(tmp_path: Path) -> None:
    def available(side: str, responding_s: float | None) -> Mapping[str, Sequence[bool]]:
        broken = side == TREATMENT and responding_s is not None and responding_s > 2
        return {"chat": (True, not broken, not broken)}

    drill = drill_of(tmp_path, available)
    assert drill.verdict is Verdict.PASSED
    assert "deployment/chat was left with 2 of 3 pods that do not answer their health check" in drill.findings
