"""Writes the fault, the steps and the verdict of each drill to a Grafana, as region annotations."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import MonitoringError
from harness.listeners.progress import ReadJudge
from harness.observability.api import Api
from harness.observability.grafana import annotate
from harness.record.event import TREATMENT, Event
from harness.record.events import DrillEnded, DrillStarted, FaultApplied, FaultReverted, StepExecuted
from harness.verdict.drill import drill_result

TAG = "gameday"


class Annotations:
    """A listener. `failed` gets the first error; after it nothing is written any more."""

    def __init__(self, api: Api, judge: ReadJudge, failed: Callable[[str], None]) -> None:
        self._api, self._judge, self._failed = api, judge, failed
        self._began: dict[str, float] = {}
        self._faults: dict[str, tuple[float, str]] = {}
        self._broken = False

    def __call__(self, event: Event) -> None:
        """Write what an event completes."""
        match event:
            case DrillStarted():
                self._began[event.drill] = event.t_s
            case FaultApplied(side="treatment"):
                self._faults.setdefault(event.drill, (event.t_s, event.text))
            case FaultReverted() if event.side == TREATMENT and event.drill in self._faults:
                start_s, text = self._faults.pop(event.drill)
                self._write(start_s, event.t_s, event.drill, f"fault: {text}", "fault")
            case StepExecuted():
                facts = event.facts
                text = f"line {facts.line}: {' '.join(facts.text.split())}"
                self._write(facts.started_s, facts.started_s + facts.seconds, event.drill, text, "step")
            case DrillEnded():
                self._write_verdict(event)

    def _write_verdict(self, event: DrillEnded) -> None:
        with self._judge(event.drill) as judge:
            verdict = drill_result(judge.state).verdict.value
        self._write(self._began.get(event.drill, event.t_s), event.t_s, event.drill, f"verdict: {verdict}", "verdict")

    def _write(self, start_s: float, end_s: float, drill: str, text: str, kind: str) -> None:
        if self._broken:
            return
        try:
            annotate(self._api, start_s, end_s, f"{drill}: {text}", [TAG, kind, drill])
        except MonitoringError as error:
            self._broken = True
            self._failed(f"no further annotations: {error}")
