"""Client of the HTTP API of a Loki (https://grafana.com/docs/loki/latest/reference/loki-http-api/)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.observability.api import Api


@dataclass(frozen=True)
class Lines:
    """Log lines in Loki: those of the streams that a selector names, and that match a regular expression.

    The expression is Go's (RE2), case ignored.
    """

    selector: str
    pattern: str

    @property
    def text(self) -> str:
        """As LogQL spells it."""
        return f"{self.selector} |~ {json.dumps(f'(?i){self.pattern}', ensure_ascii=False)}"


class Loki:
    """Asks one Loki; every method raises MonitoringError when it does not answer as documented."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def count(self, lines: Lines, start_s: float, end_s: float) -> int:
        """How many lines it has from start to end, seconds since the epoch; 0 also without such a stream."""
        span_ms = max(1, round((end_s - start_s) * 1000))
        query = f"sum(count_over_time({lines.text} [{span_ms}ms]))"
        vector = self._data("/loki/api/v1/query", "vector", query=query, time=_nanoseconds(end_s))
        if not vector:
            return 0
        value = vector[0].get("value") if len(vector) == 1 else None
        if not isinstance(value, list) or len(value) != 2:
            raise self.api.error(f"`{query}` was not answered by one number; is that a Loki?")
        return round(float(str(value[1])))

    def has_streams(self, selector: str, start_s: float, end_s: float) -> bool:
        """Whether a selector names any stream with lines from start to end."""
        window = {"start": _nanoseconds(start_s), "end": _nanoseconds(end_s)}
        answer = self.api.get("/loki/api/v1/series", **{"match[]": selector}, **window)
        return bool(self._member(answer, "/loki/api/v1/series"))

    def newest_s(self, selector: str, start_s: float, end_s: float) -> float | None:
        """The time of the newest line from start to end, in seconds since the epoch; None without one."""
        found = self._data(
            "/loki/api/v1/query_range", "streams", query=selector, start=_nanoseconds(start_s),
            end=_nanoseconds(end_s), limit="1", direction="backward",
        )  # fmt: skip
        times = [float(str(entry[0])) / 1e9 for stream in found for entry in _entries(stream)]
        return max(times, default=None)

    def labels(self, start_s: float, end_s: float) -> Sequence[str]:
        """The names of the labels that its streams have from start to end."""
        answer = self.api.get("/loki/api/v1/labels", start=_nanoseconds(start_s), end=_nanoseconds(end_s))
        found = self._member(answer, "/loki/api/v1/labels") or []
        return [str(name) for name in found] if isinstance(found, list) else []

    def _data(self, path: str, kind: str, **parameters: str) -> list[Mapping[str, object]]:
        """The results of a query of this kind."""
        data = self._member(self.api.get(path, **parameters), path)
        if not isinstance(data, dict) or data.get("resultType") != kind or not isinstance(data.get("result"), list):
            raise self.api.error(f"{path} answered no {kind}; is that a Loki?")
        return [each for each in data["result"] if isinstance(each, dict)]

    def _member(self, answer: object, path: str) -> object:
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise self.api.error(f"{path} answered without `status: success`; is that a Loki?")
        return answer.get("data")


def check_clock(api: Api) -> None:
    """Raises MonitoringError without an answer, and when the clocks of a Loki and of this machine are too far apart."""
    api.check_ahead(api.clock_ahead_s("/loki/api/v1/status/buildinfo"))


def _nanoseconds(at_s: float) -> str:
    return str(round(at_s * 1e9))


def _entries(stream: Mapping[str, object]) -> list[list[object]]:
    values = stream.get("values")
    return [each for each in values if isinstance(each, list) and each] if isinstance(values, list) else []
