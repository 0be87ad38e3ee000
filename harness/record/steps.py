"""What is recorded of one executed step of a runbook: frozen data, without a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from harness.record.ranges import Count, Seconds, Time

StepKind = Literal["action", "command", "toggle", "general"]
Purpose = Literal["read", "change", "manual"]

NOT_SET = "(not set)"
"""How `changed` shows a value that is not there."""


@dataclass(frozen=True)
class ToggleFacts:
    """An environment variable of a Deployment before and after its toggle; null: not in the environment."""

    deployment: Annotated[str, "Deployment whose environment is changed"]
    name: Annotated[str, "name of the environment variable"]
    documented: Annotated[str | None, "starting value that the runbook documents; null: none"]
    before: Annotated[str | None, "value before the step; null: not in the environment"]
    wanted: Annotated[str, "value that the runbook sets"]
    seen: Annotated[str | None, "value in the environment of a running pod after the step; null: not there"]


@dataclass(frozen=True)
class StepFacts:
    """One step of the runbook: what was run, how it ended, its output and the changes it made."""

    number: Annotated[Count, "position in the runbook, from 1"]
    line: Annotated[Count, "line of the document, from 1"]
    kind: Annotated[StepKind, "part of the runbook that the step comes from"]
    purpose: Annotated[Purpose, "`read` only reads state, `change` alters it, `manual` needs a person"]
    text: Annotated[str, "text as written in the document"]
    bound: Annotated[str, "text as run, placeholders substituted; empty: not run"] = ""
    ran: Annotated[bool, "whether the step was run"] = False
    programs: Annotated[tuple[str, ...], "program of each stage of the last pipeline, such as `kubectl logs`"] = ()
    pipestatus: Annotated[tuple[int, ...], "exit status of each stage of the last pipeline"] = ()
    exit_status: Annotated[int | None, "exit status of the whole text; null: not run, or ended at its deadline"] = None
    ended: Annotated[bool, "whether its endless producer (`logs -f`) was ended by the session, as expected"] = False
    timed_out: Annotated[bool, "whether it was ended at its deadline"] = False
    overflowed: Annotated[bool, "whether it was ended because its output passed the session's limit"] = False
    stdout: Annotated[str, "first 4,000 characters of standard output"] = ""
    stderr: Annotated[str, "first 4,000 characters of standard error"] = ""
    stdout_bytes: Annotated[Count, "length of the whole standard output in bytes"] = 0
    stdout_file: Annotated[str, "file with the whole standard output, relative to the run directory"] = ""
    changed: Annotated[tuple[str, ...], "what its command changed on the platform; empty: nothing"] = ()
    added_variables: Annotated[
        tuple[str, ...], "variables that it set where the environment had none of that name: `deployment/NAME VARIABLE`"
    ] = ()
    notes: Annotated[tuple[str, ...], "observations that go into the findings"] = ()
    started_s: Annotated[Time, "start, seconds since the epoch"] = 0.0
    seconds: Annotated[Seconds, "duration in seconds"] = 0.0
    refusals: Annotated[tuple[str, ...], "reasons for which the policy refused to run it"] = ()
    missing: Annotated[tuple[str, ...], "placeholders that have no binding"] = ()
    used: Annotated[tuple[tuple[str, str], ...], "placeholders and the values substituted for them"] = ()
    urls: Annotated[tuple[str, ...], "URLs that it requests"] = ()
    http: Annotated[tuple[str, ...], "status lines received by curl, such as `HTTP/1.1 503 Service Unavailable`"] = ()
    services: Annotated[tuple[str, ...], "service ports that the platform declares, such as `tool-service:8080`"] = ()
    toggle: Annotated[ToggleFacts | None, "the toggle; null: the step is none"] = None
