"""Stands in for a Grafana: answers its documented HTTP API from dashboards and data frames that a test gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.answering import Answering, Asked, answering


@dataclass
class Grafana:
    """`dashboards` by uid, as in Grafana's JSON model; `data`: the values of each expression, "!" begins an error."""

    dashboards: Mapping[str, Mapping[str, object]]
    data: Mapping[str, Sequence[float] | str] = field(default_factory=dict)
    token: str = "right"
    annotations: list[Mapping[str, object]] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, object]:
        """The answer to one request."""
        if asked.authorization != f"Bearer {self.token}":
            return 401, {"message": "Invalid API key"}
        if asked.path == "/api/search":
            wanted = asked.query["query"].lower()
            return 200, [
                {"uid": uid, "title": each["title"], "type": "dash-db"}
                for uid, each in self.dashboards.items()
                if wanted in str(each["title"]).lower()
            ]
        if asked.path == "/api/datasources":
            return 200, [{"uid": "other", "isDefault": False}, {"uid": "main", "isDefault": True}]
        if asked.path == "/api/annotations" and isinstance(asked.body, dict):
            self.annotations.append(asked.body)
            return 200, {"message": "Annotation added", "id": len(self.annotations)}
        if asked.path == "/api/ds/query" and isinstance(asked.body, dict):
            return 200, {"results": {query["refId"]: self._result(query) for query in asked.body["queries"]}}
        return self._dashboard(asked.path)

    def _result(self, query: Mapping[str, str]) -> dict[str, object]:
        values = self.data.get(query["expr"], ())
        if isinstance(values, str):
            return {"status": 400, "error": values}
        times = [1000 * number for number in range(len(values))]
        frame = {"schema": {"fields": [{"type": "time"}, {"type": "number"}]}, "data": {"values": [times, [*values]]}}
        return {"status": 200, "frames": [frame] if values else []}

    def _dashboard(self, path: str) -> tuple[int, object]:
        found = self.dashboards.get(path.removeprefix("/api/dashboards/uid/"))
        return (200, {"dashboard": found, "meta": {}}) if found else (404, {"message": "Dashboard not found"})


@contextmanager
def running(grafana: Grafana) -> Iterator[Answering]:
    """The Grafana on a port of loopback."""
    with answering(grafana.answer) as server:
        yield server


def dashboard(title: str, *expressions: str, **more: object) -> dict[str, object]:
    """A dashboard with a panel for each expression."""
    panels = [
        {"id": number, "title": f"panel {number}", "targets": [{"refId": "A", "expr": expression}]}
        for number, expression in enumerate(expressions, 1)
    ]
    return {"title": title, "panels": panels, **more}
