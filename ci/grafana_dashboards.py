"""Builds the dashboards of the shipped runbook: `python ci/grafana_dashboards.py` writes deploy/grafana/dashboards/.

Needs the extra `observability` (grafana-foundation-sdk). Every query has data in its drill, which a test executes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

FOLDER = Path(__file__).parents[1] / "deploy" / "grafana" / "dashboards"
DATASOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
"""As in deploy/grafana/provisioning/datasources/prometheus.yaml."""
ACROSS, HEIGHT = 12, 8
"""Two panels beside each other: Grafana's grid has 24 columns."""


@dataclass(frozen=True)
class Plot:
    """A panel: its title, unit, query, and how its series are called."""

    title: str
    unit: str
    query: str
    legend: str


def quantile(of: str, by: str, metric: str) -> str:
    """The expression of a latency quantile by a label."""
    return f"histogram_quantile({of}, sum by (le, {by}) (rate({metric}[30s])))"


LATENCY = "service_latency_histogram_bucket"
DASHBOARDS: dict[str, list[Plot]] = {
    "Service Latency Dashboard": [
        Plot("P95 by service", "s", quantile("0.95", "deployment", LATENCY), "{{deployment}}"),
        Plot("P50 by service", "s", quantile("0.5", "deployment", LATENCY), "{{deployment}}"),
        Plot("Requests by service and status", "reqps", "sum by (deployment, status) (rate(requests_total[30s]))",
             "{{deployment}} {{status}}"),
        Plot("Calls onward by outcome", "reqps", "sum by (upstream, outcome) (rate(upstream_attempts_total[30s]))",
             "{{upstream}} {{outcome}}"),
        Plot("Breakers: 0 closed, 1 half-open, 2 open", "none", "max by (breaker) (circuit_breaker_state)",
             "{{breaker}}"),
        Plot("Queue of inference", "none", 'sum by (pod) (queue_length{deployment="inference"})', "{{pod}}"),
    ],
    "Tool Service Health Dashboard": [
        Plot("Self-check: 1 good, 0 failed", "none", "min by (pod) (tool_service_health_check)", "{{pod}}"),
        Plot("Workers in use", "none", 'sum by (pod) (workers_busy{deployment="tool-service"})', "{{pod}}"),
        Plot("Queue", "none", 'sum by (pod) (queue_length{deployment="tool-service"})', "{{pod}}"),
        Plot("Tool calls by status", "reqps",
             'sum by (status) (rate(requests_total{deployment="api-gateway",route="tools"}[30s]))', "{{status}}"),
        Plot("Attempts by outcome", "reqps",
             'sum by (outcome) (rate(upstream_attempts_total{upstream="tool-service"}[30s]))', "{{outcome}}"),
        Plot("Breaker: 0 closed, 1 half-open, 2 open", "none", 'max(circuit_breaker_state{breaker="tools"})', "tools"),
    ],
    "Validation Error Dashboard": [
        Plot("Refused requests by rule", "reqps", "sum by (rule) (rate(validation_errors_total[30s]))", "{{rule}}"),
        Plot("Refused requests by tenant", "reqps", "sum by (tenant) (rate(validation_errors_total[30s]))",
             "{{tenant}}"),
        Plot("Answers by status", "reqps", 'sum by (status) (rate(requests_total{deployment="api-gateway"}[30s]))',
             "{{status}}"),
        Plot("Share of 400", "percentunit", 'sum(rate(requests_total{deployment="api-gateway",status="400"}[30s])) / '
             'sum(rate(requests_total{deployment="api-gateway"}[30s]))', "400"),
    ],
    "WebSocket Dashboard": [
        Plot("Open connections", "none", "sum by (pod) (websocket_connections_active)", "{{pod}}"),
        Plot("Connections that are admitted", "none", "sum by (pod) (websocket_connections_limit)", "{{pod}}"),
        Plot("Dropped messages", "reqps", "sum by (pod) (rate(websocket_backpressure_drops[30s]))", "{{pod}}"),
        Plot("Sent messages", "reqps", "sum by (pod) (rate(websocket_messages_total[30s]))", "{{pod}}"),
        Plot("Senders in use", "none", "sum by (pod) (websocket_senders_busy)", "{{pod}}"),
        Plot("Found no place in time", "reqps", "sum by (pod) (rate(websocket_connection_timeouts_total[30s]))",
             "{{pod}}"),
    ],
}  # fmt: skip


def built(title: str) -> str:
    """One dashboard as JSON."""
    name = file_name(title)
    whole = dashboard.Dashboard(title).uid(f"gameday-{name}").tags(["gameday"]).refresh("5s").time("now-15m", "now")
    for number, plot in enumerate(DASHBOARDS[title], 1):
        query = prometheus.Dataquery().ref_id("A").expr(plot.query).legend_format(plot.legend).datasource(DATASOURCE)
        panel = (
            timeseries.Panel().id(number).title(plot.title).unit(plot.unit).datasource(DATASOURCE).with_target(query)
        )
        whole = whole.with_panel(panel.span(ACROSS).height(HEIGHT))
    plain = json.loads(json.dumps(whole.build(), cls=JSONEncoder), object_hook=_without_nulls)
    return f"{json.dumps(plain, indent=2, sort_keys=True)}\n"


def _without_nulls(data: dict[str, object]) -> dict[str, object]:
    """What the builder leaves open is left to Grafana's defaults."""
    return {key: value for key, value in data.items() if value is not None}


def file_name(title: str) -> str:
    """The file of a dashboard, without its suffix: `service-latency`."""
    return title.removesuffix(" Dashboard").lower().replace(" ", "-")


def main() -> int:
    """Write every dashboard."""
    for title in DASHBOARDS:
        (FOLDER / f"{file_name(title)}.json").write_text(built(title), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
