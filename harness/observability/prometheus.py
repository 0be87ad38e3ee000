"""Client of the HTTP API of a Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from time import time

from harness.errors import MonitoringError
from harness.observability.api import Api


@dataclass(frozen=True)
class Series:
    """One series of an answer: its labels, and its points as (seconds since the epoch, value)."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Alert:
    """One active alert: `state` is `pending` or `firing`; `active_since` as Prometheus writes it (RFC 3339)."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    state: str
    active_since: str


class Prometheus:
    """Asks one Prometheus; every method raises MonitoringError when it does not answer as documented."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def instant(self, query: str) -> list[Series]:
        """The value of each series of an expression now; a scalar is a series without labels."""
        data = self._data("/api/v1/query", query=query)
        kind, result = _member(data, "resultType"), _member(data, "result")
        if kind == "scalar":
            return [Series({}, (_point(result),))]
        if kind != "vector":
            raise self.api.error(f"`{query}` is a {kind}; a value at one time is needed: a vector or a scalar")
        return [Series(_labels(_member(each, "metric")), (_point(_member(each, "value")),)) for each in _items(result)]

    def over(self, query: str, start_s: float, end_s: float, step_s: float) -> list[Series]:
        """The points of each series of an expression from start to end, seconds since the epoch."""
        window = {"start": f"{start_s:.3f}", "end": f"{end_s:.3f}", "step": f"{step_s:g}"}
        data = self._data("/api/v1/query_range", query=query, **window)
        return [
            Series(_labels(_member(each, "metric")), tuple(_point(point) for point in _items(_member(each, "values"))))
            for each in _items(_member(data, "result"))
        ]

    def value(self, query: str) -> float:
        """The one number of an expression now. Raises MonitoringError for none, for several and for NaN."""
        found = self.instant(query)
        if len(found) > 1:
            fix = "aggregate them, such as by sum(…) or max(…)"
            raise self.api.error(f"`{query}` has {len(found)} series; a condition needs one number: {fix}")
        if not found or not isfinite(number := found[0].points[0][1]):
            raise self.api.error(f"`{query}` has no {'finite number' if found else 'data'} now")
        return number

    def kind(self, family: str) -> str:
        """The type of a metric family as its targets state it, such as `histogram`; "" for one that none exports."""
        data = self._data("/api/v1/metadata", metric=family)
        entries = _items(_object(data).get(family, []))
        return str(_member(entries[0], "type")) if entries else ""

    def targets(self) -> Mapping[str, str]:
        """Each active target's last error by its URL; "" for one that was scraped, or is not scraped yet."""
        data = self._data("/api/v1/targets", state="active")
        targets = _items(_member(data, "activeTargets"))
        return {str(_member(each, "scrapeUrl")): str(_member(each, "lastError")) for each in targets}

    def alerts(self) -> list[Alert]:
        """The alerts that are pending or firing."""
        found = _items(_member(self._data("/api/v1/alerts"), "alerts"))
        return [
            Alert(
                _labels(_member(each, "labels")),
                _labels(_member(each, "annotations")),
                str(_member(each, "state")),
                str(_member(each, "activeAt")),
            )
            for each in found
        ]

    def clocks_apart_s(self) -> float:
        """Seconds by which its clock is ahead of ours, as far as that exceeds the time of the call; else 0."""
        before_s = time()
        its_s = self.instant("time()")[0].points[0][1]
        after_s = time()
        return its_s - after_s if its_s > after_s else min(0.0, its_s - before_s)

    def _data(self, path: str, **parameters: str) -> object:
        answer = _object(self.api.get(path, **parameters))
        if answer.get("status") != "success":
            raise self.api.error(f"{path} answered without `status: success`; is that a Prometheus?")
        return answer.get("data")


def check_clock(prometheus: Prometheus) -> None:
    """Raises MonitoringError when the clock of a Prometheus and ours are too far apart."""
    prometheus.api.check_ahead(prometheus.clocks_apart_s())


def _object(data: object) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise MonitoringError("a part of the answer of Prometheus is no object; is the URL that of its API?")
    return data


def _member(data: object, name: str) -> object:
    found = _object(data)
    if name not in found:
        raise MonitoringError(f"a part of the answer of Prometheus has no `{name}`; is the URL that of its API?")
    return found[name]


def _items(data: object) -> list[object]:
    if not isinstance(data, list):
        raise MonitoringError("a part of the answer of Prometheus is no list; is the URL that of its API?")
    return data


def _labels(data: object) -> Mapping[str, str]:
    return {name: str(value) for name, value in _object(data).items()}


def _point(data: object) -> tuple[float, float]:
    at_s, value = _items(data)
    return float(str(at_s)), float(str(value))
