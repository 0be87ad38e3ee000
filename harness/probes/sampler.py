"""A thread that looks at one platform once a second and tells what it saw, pod by pod."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from prometheus_client.samples import Sample

from harness.conditions.grammar import Measure
from harness.platforms.base import Platform
from harness.probes.metrics import BucketHistory, Selector, samples_of

Values = dict[str, dict[str, float]]
"""Measure's key -> pod -> value."""
PERIOD_S = 1.0
_BREAKER_OPEN = 2.0


def family(name: str) -> Measure:
    """The measure of a metric that a runbook names, wherever it is exported."""
    return Measure("family", (name,))


class Sampler:
    """Takes one sample a second of every probe measure and hands it to `tell(values)`, until `stop()` is called."""

    def __init__(self, platform: Platform, measures: Sequence[Measure], deployments: Sequence[str]) -> None:
        self._platform, self._deployments = platform, tuple(deployments)
        self._metrics = _by_deployment(measures, deployments)
        self._health = [measure for measure in measures if measure.fn == "health"]
        self._logs = {
            measure: LogCounter(platform, measure) for measure in measures if measure.fn in ("logs", "log_rate")
        }
        self._histories: dict[tuple[str, str], BucketHistory] = defaultdict(BucketHistory)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, tell: Callable[[Values], None], failed: Callable[[Exception], None]) -> None:
        """Begin; `failed` is told once if sampling breaks (the drill must not go on blind)."""
        self._thread = threading.Thread(target=self._run, args=(tell, failed), daemon=True, name="sampler")
        self._thread.start()

    def stop(self) -> None:
        """End and wait for the last sample."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)

    def _run(self, tell: Callable[[Values], None], failed: Callable[[Exception], None]) -> None:
        due = time.monotonic()
        try:
            while not self._stop.is_set():
                values = self.sample()
                if self._stop.is_set():
                    return
                tell(values)
                due = max(due + PERIOD_S, time.monotonic())
                self._stop.wait(due - time.monotonic())
        except Exception as error:
            failed(error)

    def sample(self) -> Values:
        """One look at everything."""
        values: Values = {}
        for deployment, measures in self._metrics.items():
            self._scrape(deployment, measures, values)
        for measure in self._health:
            answers = self._platform.health(measure.args[0])
            values[measure.key] = {pod: float(answer.status != 200) for pod, answer in answers.items()}
        for measure, counter in self._logs.items():
            values[measure.key] = counter.count()
        return values

    def _scrape(self, deployment: str, measures: Sequence[Measure], values: Values) -> None:
        names = {_selector(measure).name for measure in measures}
        for pod, answer in self._platform.scrape(deployment).items():
            if answer.status != 200:
                continue
            samples = samples_of(answer.body, names)
            for measure in measures:
                value = self._value(measure, pod, samples)
                if value is not None:
                    values.setdefault(measure.key, {})[pod] = value

    def _value(self, measure: Measure, pod: str, samples: Sequence[Sample]) -> float | None:
        selector = _selector(measure)
        if measure.fn == "quantile":
            seconds = self._histories[(measure.key, pod)].quantile(selector.buckets(samples), float(measure.args[0]))
            return None if seconds is None else seconds * 1000
        if measure.fn == "breaker":
            state = selector.total(samples)
            return None if state is None else float(state == _BREAKER_OPEN)
        return selector.family_total(samples) if measure.fn == "family" else selector.total(samples)


def _selector(measure: Measure) -> Selector:
    if measure.fn == "breaker":
        return Selector("circuit_breaker_state", {"breaker": measure.args[1]})
    return Selector.parse(measure.args[-1])


def _by_deployment(measures: Sequence[Measure], deployments: Sequence[str]) -> Mapping[str, list[Measure]]:
    found: dict[str, list[Measure]] = defaultdict(list)
    for measure in measures:
        if measure.fn == "family":
            for deployment in deployments:
                found[deployment].append(measure)
        elif measure.fn in ("metric", "rate", "increase", "breaker"):
            found[measure.args[0]].append(measure)
        elif measure.fn == "quantile":
            found[measure.args[1]].append(measure)
    return found


class LogCounter:
    """Counts the lines of a Deployment's logs that match a pattern; each byte is read once."""

    def __init__(self, platform: Platform, measure: Measure) -> None:
        self._platform, self._deployment = platform, measure.args[0]
        self._pattern = re.compile(measure.args[1].encode(), re.IGNORECASE)
        self._read: dict[Path, int] = {}
        self._matches: dict[Path, int] = defaultdict(int)

    def count(self) -> dict[str, float]:
        """Matching lines so far, by log file."""
        for path in self._platform.log_files(self._deployment):
            self._matches[path] += self._new_matches(path)
        return {path.name: float(count) for path, count in self._matches.items()}

    def _new_matches(self, path: Path) -> int:
        try:
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
        except FileNotFoundError:
            return 0
        whole = text.rfind(b"\n") + 1
        self._read[path] = self._read.get(path, 0) + whole
        return sum(1 for line in text[:whole].split(b"\n") if self._pattern.search(line))
