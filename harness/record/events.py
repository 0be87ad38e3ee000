"""The events of a record: one frozen dataclass per kind, each field with its meaning and unit.

The name of a kind in the file is its class's in lower case with hyphens: `PhaseStarted` is `phase-started`. Times are
seconds since the epoch. The annotations are the source of the JSON Schema and of docs/reference/record.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from harness.record.event import TREATMENT, DrillEvent, Event, SideEvent, SideName
from harness.record.header import DashboardPlan, Procedure, SloPlan, SymptomPlan, UnreadLine
from harness.record.incident import INCIDENT_EVENTS
from harness.record.monitoring import MONITORING_EVENTS
from harness.record.ranges import Bucket, Bytes, Count, Milliseconds, ProcessId, Rate, Seconds, Share, Time
from harness.record.steps import StepFacts

VERSION: Final = 2
"""Version of the format; raised with every change that an older reader would misunderstand."""
PhaseName = Literal[
    "control-prepare", "control-baseline", "control-fault", "control-incident", "control-revert",
    "prepare", "baseline", "fault", "symptoms", "response", "recovery", "control", "general", "after-revert",
]  # fmt: skip
"""In order; only a drill with a sequential control has those that begin with `control-`, and it has them first."""
StartName = Literal["deployed", "documented"]
FaultStateName = Literal["active", "changed", "ended", "unknown"]


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """A run begins; the first event of every record."""

    version: Annotated[Literal[2], "version of the record's format"] = VERSION
    document: Annotated[str, "path of the runbook document"]
    bindings: Annotated[str, "path of the bindings"] = ""
    platform: Annotated[str, "kind of platform: `local`, `docker`, `kind`, `kubernetes`"] = "local"
    jobs: Annotated[Count, "most drills at the same time"] = 1
    drills: Annotated[tuple[str, ...], "ids of the runbooks to drill, in order"]
    findings: Annotated[tuple[str, ...], "observations about the document and its bindings"] = ()
    procedures: Annotated[tuple[Procedure, ...], "lines of the document that only a person can follow"] = ()


@dataclass(frozen=True, kw_only=True)
class DocumentRead(Event):
    """The runbook document as this run has read it; right after the begin of the run."""

    text: Annotated[str, "whole text of the document, with its line ends"]


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """Every drill has ended and every platform is down."""


@dataclass(frozen=True, kw_only=True)
class HostSampled(Event):
    """How long the processes of the run waited for a processor, every two seconds: gameday, all that it started, and
    those in the containers of its platforms."""

    seconds: Annotated[Seconds, "time since the last sample, in seconds"]
    ran_s: Annotated[Seconds | None, "processor time that they used, in seconds, all threads; null: unknown"] = None
    waited_s: Annotated[
        Seconds | None, "time that they were ready to run and waited, in seconds, over all threads; null: unknown"
    ] = None
    slowest: Annotated[str, "command line of the process that waited longest, gameday itself left out; empty: none"] = (
        ""
    )
    slowest_ran_s: Annotated[Seconds, "processor time of the thread of `slowest` that waited longest, in seconds"] = 0.0
    slowest_waited_s: Annotated[Seconds, "time that this thread was ready to run and waited, in seconds"] = 0.0
    throttled_s: Annotated[
        Seconds | None,
        "time for which gameday's control group was throttled by its CPU limit, in seconds; null: unknown",
    ] = None
    pressure_share: Annotated[
        Share | None, "share of the time in which any process of the machine waited, also one of lower priority (PSI)"
    ] = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentFound(Event):
    """The code, the machine and the settings of the run: what a comparison with other runs has to know."""

    revision: Annotated[str, "git commit of the working directory; empty: not in a git repository"] = ""
    dirty: Annotated[bool, "whether the working directory differed from that commit"] = False
    cpu: Annotated[str, "model of the processor; empty: unknown"] = ""
    cores: Annotated[Count, "processors that gameday may use"] = 0
    memory_bytes: Annotated[Bytes, "memory of the machine"] = 0
    python: Annotated[str, "version of Python"] = ""
    kernel: Annotated[str, "name and release of the operating system's kernel"] = ""
    start: Annotated[StartName, "values from which toggles start: `deployed` or `documented`"] = "deployed"
    steady_s: Annotated[Seconds, "shortest baseline phase, in seconds; 0: as short as its decision allows"] = 0.0


@dataclass(frozen=True, kw_only=True)
class ReferenceSampled(Event):
    """The time of a small fixed piece of work on gameday's machine, once a second: how fast the machine was."""

    cpu_ms: Annotated[Milliseconds, "time of a fixed computation, in ms"]
    loopback_ms: Annotated[Milliseconds, "time of a fixed number of round trips over TCP on loopback, in ms"]


@dataclass(frozen=True, kw_only=True)
class DrillStarted(DrillEvent):
    """A drill begins: everything about the plan that its verdict depends on."""

    title: Annotated[str, "heading of the runbook"]
    line: Annotated[Count, "line of the runbook in the document, from 1"]
    fault: Annotated[str, "name and parameters of the fault; empty: not bound"]
    faulted: Annotated[tuple[str, ...], "Deployments that the fault acts on"] = ()
    scenario: Annotated[str, "load profile; empty: not bound"] = ""
    rate_per_s: Annotated[Rate | None, "arrivals per second from the bindings; null: the scenario's own"] = None
    empty: Annotated[bool, "whether the runbook documents no step"] = False
    unbound: Annotated[str, "reason for which the fault is not bound; empty: it is"] = ""
    symptoms: Annotated[tuple[SymptomPlan, ...], "documented symptoms"] = ()
    slos: Annotated[tuple[SloPlan, ...], "SLOs that must hold"] = ()
    unread: Annotated[tuple[UnreadLine, ...], "lines that were not understood"] = ()
    dashboards: Annotated[tuple[DashboardPlan, ...], "dashboards that the runbook names"] = ()
    seed: Annotated[int, "seed of the draw which side comes up, and is broken, first"] = 0
    first: Annotated[SideName, "the side that comes first: drawn, or a sequential control"] = TREATMENT
    credit_alpha: Annotated[float, "largest probability of self-healing at which a recovery is credited"] = 0.1
    earlier_exposure_s: Annotated[float, "seconds of this incident without a response in earlier runs"] = 0.0
    earlier_ends: Annotated[int, "times that it ended by itself in these seconds"] = 0


@dataclass(frozen=True, kw_only=True)
class ControlPlanned(DrillEvent):
    """The control of this drill is sequential: it runs first, on the one platform. Without this event the control is
    parallel, on a platform of its own."""

    why: Annotated[str, "reason for which there is one platform only"]
    observe_s: Annotated[Seconds, "seconds for which the control is observed from its fault on"]


@dataclass(frozen=True, kw_only=True)
class DrillEnded(DrillEvent):
    """The fault is reverted and both sides are down. A drill without this event is inconclusive."""


@dataclass(frozen=True, kw_only=True)
class PhaseStarted(DrillEvent):
    """A phase of the drill begins."""

    phase: Annotated[PhaseName, "name of the phase"]
    limit_s: Annotated[Seconds | None, "longest duration in seconds; null: the phase does not wait for evidence"] = None


@dataclass(frozen=True, kw_only=True)
class PhaseExtended(DrillEvent):
    """A phase goes on beyond its limit, once, because it is about to be decided."""

    phase: Annotated[PhaseName, "name of the phase"]
    more_s: Annotated[float, "seconds by which its limit is extended"]


@dataclass(frozen=True, kw_only=True)
class PhaseEnded(DrillEvent):
    """A phase of the drill ends."""

    phase: Annotated[PhaseName, "name of the phase"]
    decides: Annotated[bool, "whether the phase waits for a decision"] = False
    answer: Annotated[bool | None, "the decision; null: undecided at the limit, or `decides` is false"] = None
    waiting_for: Annotated[str, "evidence that was missing at the limit; empty: none"] = ""


@dataclass(frozen=True, kw_only=True)
class RevertArmed(SideEvent):
    """How to revert a fault; on disk (fsync) before the fault is applied."""

    text: Annotated[str, "description of the revert"]


@dataclass(frozen=True, kw_only=True)
class FaultApplied(SideEvent):
    """A fault is active."""

    text: Annotated[str, "description of the fault"]


@dataclass(frozen=True, kw_only=True)
class FaultChecked(SideEvent):
    """Whether a fault was still in effect at this time, read from its target."""

    text: Annotated[str, "description of the fault"]
    state: Annotated[FaultStateName, "`active`; `changed`: what had it was replaced; `ended` by itself; `unknown`"]
    why: Annotated[str, "the observation; empty: nothing to add"] = ""


@dataclass(frozen=True, kw_only=True)
class FaultReverted(SideEvent):
    """The reverts of one side were run, last in, first out."""

    ok: Annotated[bool, "whether every revert succeeded"]
    why: Annotated[str, "errors of those that failed; empty: none"] = ""


@dataclass(frozen=True, kw_only=True)
class StepExecuted(DrillEvent):
    """The responder is done with a step of the runbook."""

    facts: Annotated[StepFacts, "the step and its outcome"]


@dataclass(frozen=True)
class LoadSlice:
    """Increments of the counts of one series and slice. An arrival belongs to the slice in which it was due."""

    series: Annotated[str, "load series, such as `gateway`"]
    at_s: Annotated[Time, "beginning of the slice of 0.25 s, seconds since the epoch"]
    sent: Annotated[Count, "arrivals"] = 0
    ok: Annotated[Count, "arrivals that succeeded"] = 0
    bad: Annotated[Mapping[str, Count], "arrivals that failed, by kind of failure"] = field(default_factory=dict)
    over: Annotated[Mapping[Milliseconds, Count], "arrivals slower than a threshold, by threshold in ms"] = field(
        default_factory=dict
    )
    late: Annotated[Count, "arrivals that the generator started more than 0.1 s late"] = 0
    unsent: Annotated[Count, "arrivals that failed before they reached the service"] = 0
    hist: Annotated[Mapping[Bucket, Count], "latencies of successful arrivals, by bucket (docs: contracts)"] = field(
        default_factory=dict
    )


@dataclass(frozen=True, kw_only=True)
class LoadStarted(SideEvent):
    """The load generator sent its first message."""

    engine: Annotated[str, "name of the generator, such as `worker`"]
    series: Annotated[tuple[str, ...], "load series; the first one has every arrival"]


@dataclass(frozen=True, kw_only=True)
class LoadCounted(SideEvent):
    """New counts from the load generator, about four times a second. Counts of one slice add up."""

    until_s: Annotated[Time, "every arrival due before this time is counted, seconds since the epoch"]
    slices: Annotated[tuple[LoadSlice, ...], "increments by series and slice"]


@dataclass(frozen=True, kw_only=True)
class LoadFinished(SideEvent):
    """The load generator stopped in order."""

    sent: Annotated[Count, "arrivals in its first series"]
    outstanding: Annotated[Count, "arrivals without an outcome when it stopped"]


@dataclass(frozen=True, kw_only=True)
class LoadLost(SideEvent):
    """The load generator ended by itself."""

    why: Annotated[str, "reason"]


@dataclass(frozen=True, kw_only=True)
class ProbeSampled(SideEvent):
    """Values read off the services, once a second."""

    values: Annotated[Mapping[str, Mapping[str, float]], "by measure, then by pod, `prometheus` or `loki`; in its unit"]
    missing: Annotated[
        Mapping[str, tuple[str, ...]], "by measure, what has no answer or no number: running pods, `prometheus`, `loki`"
    ] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RequestsProbed(SideEvent):
    """The answers to the requests of the bindings' probes, once a second."""

    failures: Annotated[Mapping[str, str], "by probe, why its request failed; empty: it had a good answer"]


@dataclass(frozen=True, kw_only=True)
class ProcessStarted(SideEvent):
    """A process group of the run; `gameday recover` ends it if the run is killed."""

    name: Annotated[str, "what the process is: `load` or `shell`"]
    pid: Annotated[ProcessId, "process id"]
    pgid: Annotated[ProcessId, "process group id"]
    started_s: Annotated[Time, "start time of the process, seconds since the epoch"]


@dataclass(frozen=True, kw_only=True)
class FindingNoted(DrillEvent):
    """An observation that does not decide the verdict, such as a deployed value that differs from the runbook."""

    text: Annotated[str, "the observation"]


@dataclass(frozen=True, kw_only=True)
class Crashed(DrillEvent):
    """A part of the harness failed; the drill is inconclusive."""

    text: Annotated[str, "error message"]
    trace: Annotated[str, "Python traceback; empty: an expected error"] = ""


@dataclass(frozen=True, kw_only=True)
class DrillInterrupted(DrillEvent):
    """Ctrl-C or SIGTERM ended the drill; the faults are reverted."""

    text: Annotated[str, "error that the interruption caused; empty: none"] = ""


EVENTS: Final[tuple[type[Event], ...]] = (
    RunStarted,
    DocumentRead,
    RunEnded,
    EnvironmentFound,
    HostSampled,
    ReferenceSampled,
    DrillStarted,
    ControlPlanned,
    DrillEnded,
    PhaseStarted,
    PhaseExtended,
    PhaseEnded,
    RevertArmed,
    FaultApplied,
    FaultChecked,
    FaultReverted,
    StepExecuted,
    LoadStarted,
    LoadCounted,
    LoadFinished,
    LoadLost,
    ProbeSampled,
    RequestsProbed,
    ProcessStarted,
    FindingNoted,
    Crashed,
    DrillInterrupted,
    *INCIDENT_EVENTS,
    *MONITORING_EVENTS,
)
"""Every kind of event."""
