"""One event of every kind, with every optional part filled, and the events of a simulated run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from harness.record.chain import Chain
from harness.record.comparison import ComparisonStarted, DuetEnded, DuetStarted
from harness.record.event import CONTROL, TREATMENT, Event
from harness.record.events import (
    ControlPlanned,
    Crashed,
    DocumentRead,
    DrillEnded,
    DrillInterrupted,
    DrillStarted,
    EnvironmentFound,
    FaultApplied,
    FaultChecked,
    FaultReverted,
    FindingNoted,
    HostSampled,
    LoadCounted,
    LoadFinished,
    LoadLost,
    LoadSlice,
    LoadStarted,
    PhaseEnded,
    PhaseExtended,
    PhaseStarted,
    ProbeSampled,
    ProcessStarted,
    ReferenceSampled,
    RequestsProbed,
    RevertArmed,
    RunEnded,
    RunStarted,
    StepExecuted,
)
from harness.record.header import DashboardPlan, Procedure, SloPlan, SymptomPlan, UnreadLine
from harness.record.incident import (
    AlertHandled,
    AlertRaised,
    CommandTyped,
    NoteTaken,
    ProcedureRow,
    ProceduresRead,
    ResponderChosen,
    RunBeside,
)
from harness.record.monitoring import AlertDelivered, DashboardChecked
from harness.record.steps import StepFacts, ToggleFacts
from tests.support.simulated_drill import World, incident

TOGGLE = StepFacts(
    number=2,
    line=31,
    kind="toggle",
    purpose="change",
    text="`MAX_RETRIES`: Set to 3",
    programs=("kubectl set env", "kubectl rollout"),
    pipestatus=(0, 0),
    exit_status=0,
    used=(("pod", "web-0"),),
    toggle=ToggleFacts("web", "MAX_RETRIES", "1", "1", "3", None),
)
EVERY_KIND: tuple[Event, ...] = (
    RunStarted(document="ops.md", drills=("WEB",), findings=("a",), procedures=(Procedure("alert", 3, "Call"),)),
    DocumentRead(text="\ufeff# Ops\r\n\t`a` – b"),
    ProceduresRead(rows=(ProcedureRow("alert", 3, "Acknowledge", "P0", None, 300.0, "acknowledged"),)),
    HostSampled(
        seconds=2.0,
        ran_s=1.5,
        waited_s=0.25,
        slowest="web",
        slowest_ran_s=1.0,
        slowest_waited_s=0.2,
        throttled_s=0.1,
        pressure_share=0.5,
    ),
    EnvironmentFound(
        revision="574e018", dirty=True, cpu="Xeon", cores=2, memory_bytes=2**33, python="3.11.7", kernel="Linux 6.1.0"
    ),
    ReferenceSampled(cpu_ms=1.25, loopback_ms=0.5),
    DrillStarted(
        drill="WEB",
        title="Web",
        line=1,
        fault="f",
        rate_per_s=40.0,
        symptoms=(SymptomPlan(10, "errors", "error_rate(gateway) > 5%"), SymptomPlan(11, "odd", None)),
        slos=(SloPlan("availability", "availability(gateway) >= 99%", 86400.0, target=0.99, alpha=0.02),),
        unread=(UnreadLine(12, "prose"),),
        dashboards=(DashboardPlan(13, "Prometheus: x", "Prometheus", "x"),),
    ),
    PhaseStarted(drill="WEB", phase="baseline", limit_s=60.0),
    ProcessStarted(drill="WEB", side=TREATMENT, name="load", pid=10, pgid=10, started_s=999.5),
    LoadStarted(drill="WEB", side=TREATMENT, engine="worker", series=("gateway",)),
    LoadCounted(
        drill="WEB",
        side=CONTROL,
        until_s=1000.25,
        slices=(LoadSlice("gateway", 1000.0, 3, 1, {"timeout": 2}, {500.0: 2, 0.5: 3}, 1, 0, {1042: 1}),),
    ),
    ProbeSampled(
        drill="WEB",
        side=TREATMENT,
        values={"metric(web, fill)": {"web-0": 0.25}},
        missing={"metric(web, fill)": ("web-1",)},
    ),
    RequestsProbed(drill="WEB", side=TREATMENT, failures={"tool calls": "HTTP 504", "inference": ""}),
    PhaseExtended(drill="WEB", phase="baseline", more_s=12.0),
    PhaseEnded(drill="WEB", phase="baseline", decides=True, answer=True),
    RevertArmed(drill="WEB", side=TREATMENT, text="revert f"),
    FaultApplied(drill="WEB", side=TREATMENT, text="f"),
    FaultChecked(drill="WEB", side=TREATMENT, text="f", state="changed", why="pod web-0 no longer exists"),
    StepExecuted(drill="WEB", facts=TOGGLE),
    FindingNoted(drill="WEB", text="drift"),
    LoadLost(drill="WEB", side=TREATMENT, why="the load generator died"),
    Crashed(drill="WEB", text="boom", trace="Traceback"),
    DrillInterrupted(drill="WEB", text="interrupted"),
    ResponderChosen(drill="WEB", responder="human", hidden=True),
    AlertRaised(drill="WEB", alert="a1", priority="P0", text="gateway latency: P95 1,200 ms >= 500 ms", slo="latency"),
    AlertHandled(drill="WEB", alert="a1", action="escalated", by="runbook", level=2, text="no recovery after 300 s"),
    CommandTyped(drill="WEB", command="kubectl get pods", started_s=1001.0, ended_s=1002.0, exit_status=0, line=12),
    NoteTaken(drill="WEB", by="observer", text="asked for help"),
    AlertDelivered(drill="WEB", alert="a1"),
    DashboardChecked(drill="WEB", line=13, name="x", verdict="unknown", why="Prometheus does not answer"),
    RunBeside(drill="WEB", run="runs/1", verdict="passed", steps=4, mitigated_s=8.5, recover_s=12.5),
    FaultReverted(drill="WEB", side=TREATMENT, ok=False, why="it sticks"),
    LoadFinished(drill="WEB", side=CONTROL, sent=3, outstanding=0),
    ComparisonStarted(
        base="main",
        candidate=".",
        base_detail="574e018",
        quantiles=(50.0, 99.9),
        margin=0.1,
        alpha=0.01,
        budget_s=300.0,
        seed=7,
    ),
    DuetStarted(drill="WEB", scenario="timeout", series="gateway", rate_per_s=None, starts_s=1000.0),
    DuetEnded(drill="WEB"),
    ControlPlanned(drill="WEB", why="the database exists once", observe_s=90.0),
    DrillEnded(drill="WEB"),
    RunEnded(),
)


def simulated_record(folder: Path) -> Path:
    """The record of a simulated run that passes."""
    world = World(folder, incident)
    world.run()
    return world.journal.path


def sealed(objects: Iterable[object]) -> list[str]:
    """Lines of a record, numbered and with checksums, from JSON objects; text stays as it is."""
    chain = Chain()
    return [each if isinstance(each, str) else chain.seal(json.dumps(each)[1:-1]) + "\n" for each in objects]
