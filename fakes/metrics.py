"""Metrics that several services export."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, disable_created_metrics

from fakes.workers import Workers

disable_created_metrics()  # type: ignore[no-untyped-call]

LATENCY_BUCKETS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


def watch_workers(workers: Workers, registry: CollectorRegistry) -> None:
    """Register gauges of the worker slots, the busy ones and the queue length; read at each scrape."""
    Gauge("worker_slots", "Worker slots that there are", registry=registry).set_function(lambda: workers.slots)
    Gauge("workers_busy", "Worker slots in use", registry=registry).set_function(lambda: workers.busy)
    Gauge("queue_length", "Jobs that wait for a worker", registry=registry).set_function(lambda: workers.queued)
