"""What the tests of SLOs share: one valid document to change, and what is said of a text."""

from __future__ import annotations

from pathlib import Path

from harness.slo import Catalogue, read_slos

LATENCY = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: gateway-latency
  displayName: gateway latency
spec:
  service: api-gateway
  indicator:
    metadata: {name: latency}
    spec:
      thresholdMetric:
        metricSource: {type: gameday, spec: {series: gateway}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {op: lt, value: 500, target: 0.95}
"""
RATIO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: errors}
spec:
  service: api-gateway
  indicator:
    metadata: {name: errors}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: gameday, spec: {series: tools, events: bad, kinds: [http_503]}}}
        total: {metricSource: {type: gameday, spec: {series: tools, events: all}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""

SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: gateway-seconds}
spec: {thresholdMetric: {metricSource: {type: gameday, spec: {series: gateway}}}}
"""
INLINE = LATENCY[LATENCY.index("  indicator:") : LATENCY.index("  timeWindow")]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each change made; one that changes nothing is a mistake of the test."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def read(folder: Path, *texts: str) -> Catalogue:
    """Texts as files `0.yaml`, `1.yaml`, …, read together."""
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return read_slos(paths)
