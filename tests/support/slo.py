"""Valid OpenSLO documents to change, and bindings that use them."""

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
BOUND = """\
version: 1
slo_files: [promises/*.yaml]
slos: {quick tools: p99(tools) < 1s}
faults: {f: [{at: load, fault: surge, factor: 2}]}
runbooks:
  TIMEOUT: {scenario: timeout, service: api-gateway, series: gateway, fault: f,
    slos: [gateway-latency, errors, quick tools]}
"""
"""Bindings for `write_bindings` with SLOs from files and in one line."""
INLINE = LATENCY[LATENCY.index("  indicator:") : LATENCY.index("  timeWindow")]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each (old, new) replaced; fails when the text does not contain `old`."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def read(folder: Path, *texts: str) -> Catalogue:
    """Write texts to files `0.yaml`, `1.yaml`, … and read them together."""
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return read_slos(paths)


def write_bindings(folder: Path, text: str) -> Path:
    """Write `gameday.yaml`, and beside it `promises/` with an annotated latency SLO and an SLO of two objectives."""
    promises = folder / "promises"
    promises.mkdir()
    annotations = "  annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2.5'}\n  displayName"
    (promises / "a.yaml").write_text(changed(LATENCY, ("  displayName", annotations)))
    (promises / "b.yaml").write_text(changed(RATIO, ("[{target: 0.99}]", "[{target: 0.9}, {target: 0.99}]")))
    (folder / "gameday.yaml").write_text(text)
    return folder / "gameday.yaml"
