"""Metrics of realtime, with names that prometheus-client's Counter cannot export: it appends `_total`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, UnknownMetricFamily
from prometheus_client.registry import Collector

from fakes.realtime.admission import Admission
from fakes.realtime.hub import Hub


class Figures(Collector):
    """Collects the metrics at each scrape."""

    def __init__(self, hub: Hub, admission: Admission) -> None:
        self._hub, self._admission = hub, admission
        self.connection_timeouts = 0
        self.idle_timeouts = 0

    def collect(self) -> Iterator[Metric]:
        hub = self._hub
        yield GaugeMetricFamily("websocket_connections_active", "Open websockets", len(hub.members))
        yield GaugeMetricFamily("websocket_connections_limit", "Websockets that are admitted", self._admission.limit)
        yield UnknownMetricFamily("websocket_backpressure_drops", "Messages dropped at full queues, so far", hub.drops)
        yield CounterMetricFamily("websocket_messages", "Messages sent", hub.messages)
        yield CounterMetricFamily(
            "websocket_ack_timeouts", "Messages whose acknowledgement was too late", hub.late_acks
        )
        yield CounterMetricFamily("websocket_connection_timeouts", "Found no place in time", self.connection_timeouts)
        yield CounterMetricFamily("websocket_idle_timeouts", "Closed: nothing heard", self.idle_timeouts)
        yield GaugeMetricFamily("websocket_senders_busy", "Sender slots in use", hub.busy)
        yield GaugeMetricFamily("websocket_sender_slots", "Sender slots that there are", hub.slots)
        yield GaugeMetricFamily("websocket_waiting_for_sender", "Connections in line for a sender", hub.in_line)
