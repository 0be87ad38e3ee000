"""The monitoring of one side of a drill: its Prometheus, the numbers of conditions, and the lines of the runbook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.errors import GamedayError, MonitoringError
from harness.measures.probe import NAMESPACE, SIDE, LogProbe
from harness.observability.alertmanager import Alertmanager
from harness.observability.alerts import RuleWatch
from harness.observability.api import Api
from harness.observability.boards import Found, Window
from harness.observability.dashboard_files import check_file
from harness.observability.grafana import check_dashboard
from harness.observability.log_lines import LogLines
from harness.observability.loki import Loki
from harness.observability.metric_lines import check_metric
from harness.observability.prometheus import Prometheus
from harness.observability.server import OwnPrometheus
from harness.observability.trace_lines import check_traces
from harness.platforms.base import Platform
from harness.probes.periodic import Periodic
from harness.record.event import TREATMENT, DrillEvent, SideName
from harness.record.events import FindingNoted
from harness.record.header import DashboardPlan
from harness.record.monitoring import DashboardChecked

NO_INCIDENT = "the drill ended before its fault, so there was no incident to look at"


@dataclass(frozen=True)
class Systems:
    """The monitoring systems of a run: a program that runs as the Prometheus of each side, or one by its URL."""

    program: Path | None = None
    prometheus: Api | None = None
    alertmanager: Path | None = None
    """The program of the Alertmanager of the treatment; None: none."""
    rules: str = ""
    """The alert rules of the treatment's Prometheus; "" for none."""
    without_rules: Mapping[str, str] = field(default_factory=dict)
    """Why an SLO has no alert rule, by its name."""
    grafana: Api | None = None
    jaeger: Api | None = None
    dashboards: Path | None = None
    """A folder with dashboards as files, which stand in for a Grafana; None: there is none."""
    loki: Api | None = None
    """Where the log lines of conditions are counted; None: in the log files of the pods."""
    log_selector: str = ""
    """The streams of a Deployment in that Loki."""


@dataclass(frozen=True)
class Lines:
    """The dashboard lines of a runbook, the texts in which its queries are, and the service that has the load."""

    boards: Sequence[DashboardPlan]
    queries: Sequence[str]
    service: str = ""
    slos: Collection[str] = ()
    """The names of the drill's SLOs."""


class SideMonitor:
    """Starts the Prometheus of a side when its platform is up, and ends it before the platform goes down.

    `lines`: checked at the end, over the window that `window` gives; None on the control, where nothing is checked.
    """

    def __init__(
        self,
        systems: Systems,
        folder: Path,
        record: Callable[[DrillEvent], None],
        lines: Lines | None,
        window: Callable[[], Window | None],
        side: SideName = TREATMENT,
    ) -> None:
        self._side = side
        self._systems, self._folder, self._record = systems, folder, record
        self._lines, self._window = lines, window
        self._own: OwnPrometheus | None = None
        self._alertmanager: Alertmanager | None = None
        self._alerts: Periodic[None] | None = None
        self._prometheus: Prometheus | None = None
        self._lines_in_loki: LogLines | None = None
        self._platform: Platform | None = None
        self._namespace = ""
        self._answered: set[str] = set()
        self._failed: dict[str, str] = {}

    def start(self, platform: Platform) -> None:
        """Start the side's Prometheus. Raises GamedayError when it does not start."""
        self._platform, self._namespace = platform, platform.namespace
        if self._systems.loki:
            self._lines_in_loki = LogLines(
                Loki(self._systems.loki), self._systems.log_selector.replace(SIDE, self._side), platform.namespace
            )
        if self._systems.program:
            self._prometheus = self._start_own(self._systems.program, platform)
        elif self._systems.prometheus:
            self._prometheus = Prometheus(self._systems.prometheus)

    def _start_own(self, program: Path, platform: Platform) -> Prometheus:
        """Start the Prometheus of this side; on the treatment with the alert rules."""
        systems, paged = self._systems, self._lines is not None
        if systems.alertmanager and paged:
            self._alertmanager = Alertmanager(systems.alertmanager, self._folder)
        self._own = OwnPrometheus(
            self._folder, program, platform.namespace, platform.scrape_targets, systems.rules if paged else "",
            self._alertmanager.address if self._alertmanager else "",
        )  # fmt: skip
        prometheus = self._own.start()
        for name in self._lines.slos if self._lines else ():
            if why := systems.without_rules.get(name):
                self._record(FindingNoted(text=f"the SLO `{name}` has no alert in Prometheus: {why}"))
        if systems.rules and paged:
            self._alerts = Periodic("alerts", RuleWatch(prometheus, self._alertmanager, self._record).look)
            self._alerts.start(lambda _: None, self._broke)
        return prometheus

    def _broke(self, error: Exception) -> None:
        self._record(FindingNoted(text=f"the alerts were no longer watched: {type(error).__name__}: {error}"))

    def value(self, query: str) -> float:
        """The number of an expression on this side. Raises MonitoringError without one; why is noted at the end."""
        if self._prometheus is None:
            raise MonitoringError("this side has no Prometheus")
        of_side = query.replace(NAMESPACE, self._namespace).replace(SIDE, self._side)
        return self._noted(query, partial(self._prometheus.value, of_side))

    @property
    def reads_logs(self) -> bool:
        """Whether the log lines of conditions are counted here, and not in the log files of the pods."""
        return self._lines_in_loki is not None

    def lines(self, probe: LogProbe) -> float:
        """The matching log lines so far on this side. Raises MonitoringError without a count, as `value`."""
        if self._lines_in_loki is None:
            raise MonitoringError("this side has no Loki")
        return self._noted(probe.key, partial(self._lines_in_loki.count, probe))

    def _noted(self, what: str, ask: Callable[[], float]) -> float:
        """The answer; of what is never answered, the last error is kept."""
        try:
            number = ask()
        except MonitoringError as error:
            self._failed[what] = str(error)
            raise
        self._answered.add(what)
        return number

    def finish(self) -> None:
        """Check the lines, then end what was started. Idempotent, never raises."""
        if self._alerts:
            self._alerts.stop()
        try:
            self._check()
        finally:
            self._prometheus = None
            for end in (self._own.stop if self._own else None, self._alertmanager.end if self._alertmanager else None):
                if end:
                    with suppress(GamedayError):  # its guard is in the ledger, so `gameday recover` ends it
                        end()
            self._own = self._alertmanager = None

    def _check(self) -> None:
        for query in self._failed.keys() - self._answered:
            self._record(FindingNoted(text=f"`{query}` was never answered: {self._failed[query]}"))
        self._failed.clear()
        window, lines, self._lines = self._window(), self._lines, None
        if self._lines_in_loki and self._platform:
            for text in self._lines_in_loki.lost(self._platform):
                self._record(FindingNoted(text=text))
            self._lines_in_loki = None
        if lines is None or self._platform is None:
            return
        for board in lines.boards:
            if check := self._check_of(board, lines):
                self._note(board, check(window) if window else Found("unknown", NO_INCIDENT))

    def _check_of(self, board: DashboardPlan, lines: Lines) -> Callable[[Window], Found] | None:
        """How a line is checked; None: its monitoring system is no part of this run."""
        systems, prometheus, kind = self._systems, self._prometheus, board.system.casefold()
        if kind == "prometheus" and prometheus:
            return lambda window: check_metric(prometheus, board.name, window, lines.queries)
        if kind == "grafana" and (grafana := systems.grafana):
            return lambda window: check_dashboard(grafana, board.name, window)
        if kind == "grafana" and prometheus and (folder := systems.dashboards):
            return lambda window: check_file(prometheus, folder, board.name, window)
        if kind == "jaeger" and (jaeger := systems.jaeger):
            return lambda window: check_traces(jaeger, board.name, lines.service, window)
        return None

    def _note(self, board: DashboardPlan, found: Found) -> None:
        self._record(
            DashboardChecked(
                line=board.line, name=board.name, verdict=found.verdict, why=found.why, finding=found.finding
            )
        )
