"""Arguments of `gameday run` about monitoring systems."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness import app


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the monitoring systems that a run starts or asks."""
    about = "run a Prometheus for each side (the program `prometheus` on PATH), and check dashboards and PromQL in it"
    command.add_argument("--observability", action="store_true", help=about)
    about = "the program for --observability (default: `prometheus` on PATH)"
    program = command.add_mutually_exclusive_group()
    program.add_argument("--prometheus", type=Path, metavar="FILE", help=about)
    about = "take this program out of a container image, such as prom/prometheus:v2.55.1"
    program.add_argument("--prometheus-image", metavar="IMAGE", help=about)
    about = "ask this existing Prometheus, read-only; a token in PROMETHEUS_TOKEN"
    command.add_argument("--prometheus-url", metavar="URL", help=about)
    about = "check Jaeger lines in this Jaeger (its query API); a token in JAEGER_TOKEN"
    command.add_argument("--jaeger-url", metavar="URL", help=about)
    about = "count the log lines of conditions in this Loki, read-only; a token in LOKI_TOKEN"
    command.add_argument("--loki-url", metavar="URL", help=about)
    about = "check Grafana lines in this Grafana; a token in GRAFANA_TOKEN"
    command.add_argument("--grafana-url", metavar="URL", help=about)
    about = "write faults, steps and verdicts to this Grafana as annotations"
    command.add_argument("--grafana-annotate", action="store_true", help=about)


def choice_of(options: argparse.Namespace) -> app.MonitoringChoice:
    """The choice of monitoring systems that the options make."""
    return app.MonitoringChoice(
        own=options.observability,
        program=options.prometheus,
        image=options.prometheus_image,
        prometheus_url=options.prometheus_url,
        jaeger_url=options.jaeger_url,
        grafana_url=options.grafana_url,
        loki_url=options.loki_url,
        annotate=options.grafana_annotate,
    )
