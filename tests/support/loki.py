"""Stands in for a Loki: keeps pushed lines, and answers the queries of the harness by its documented HTTP API."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.answering import Answering, Asked, answering

_COUNT = re.compile(
    r'sum\(count_over_time\((?P<streams>\{.*?\}) \|~ "(?P<pattern>(?:[^"\\]|\\.)*)" \[(?P<ms>\d+)ms\]\)\)'
)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
NO_GO = re.compile(r"\(\?[=!<]")
"""Look-ahead and look-behind, which Go's regular expressions do not have."""
Stream = tuple[Mapping[str, str], list[tuple[int, str]]]


@dataclass
class Loki:
    """The streams, each with its labels and its lines with their times in nanoseconds."""

    streams: list[Stream] = field(default_factory=list)
    token: str = ""

    def answer(self, asked: Asked) -> tuple[int, object]:
        """The answer to one request."""
        if self.token and asked.authorization != f"Bearer {self.token}":
            return 401, "no org id"
        paths: Mapping[str, Callable[[Asked], tuple[int, object]]] = {
            "push": self._push, "query": self._count, "query_range": self._newest, "series": self._series,
            "labels": self._labels, "status/buildinfo": lambda asked: (200, {"version": "stand-in"}),
        }  # fmt: skip
        found = paths.get(asked.path.removeprefix("/loki/api/v1/"))
        return found(asked) if found else (404, "404 page not found")

    def _push(self, asked: Asked) -> tuple[int, object]:
        assert isinstance(asked.body, dict)
        for each in asked.body["streams"]:
            self.streams.append((each["stream"], [(int(at), line) for at, line in each["values"]]))
        return 204, ""

    def _count(self, asked: Asked) -> tuple[int, object]:
        query, end = asked.query["query"], int(asked.query["time"])
        match = _COUNT.fullmatch(query)
        if not match or NO_GO.search(match["pattern"]):
            return 400, "parse error : stage '|~' : error parsing regexp: invalid or unsupported Perl syntax"
        pattern = re.compile(match["pattern"].replace("\\\\", "\\"))
        start = end - int(match["ms"]) * 1_000_000
        lines = [line for at, line in self._lines(match["streams"]) if start < at <= end]
        count = sum(1 for line in lines if pattern.search(line))
        result = [{"metric": {}, "value": [end / 1e9, str(count)]}] if count else []
        return _success({"resultType": "vector", "result": result})

    def _newest(self, asked: Asked) -> tuple[int, object]:
        start, end = int(asked.query["start"]), int(asked.query["end"])
        found = sorted([[str(at), line] for at, line in self._lines(asked.query["query"]) if start <= at < end])
        result = [{"stream": {}, "values": found[-1:]}] if found else []
        return _success({"resultType": "streams", "result": result})

    def _series(self, asked: Asked) -> tuple[int, object]:
        wanted = dict(_LABEL.findall(asked.query["match[]"]))
        return _success([labels for labels, _ in self.streams if wanted.items() <= labels.items()])

    def _labels(self, asked: Asked) -> tuple[int, object]:
        names = sorted({name for labels, _ in self.streams for name in labels})
        return 200, {"status": "success", **({"data": names} if names else {})}

    def _lines(self, selector: str) -> list[tuple[int, str]]:
        wanted = dict(_LABEL.findall(selector))
        return [line for labels, lines in self.streams if wanted.items() <= labels.items() for line in lines]


def _success(data: object) -> tuple[int, object]:
    return 200, {"status": "success", "data": data}


@contextmanager
def running(loki: Loki) -> Iterator[Answering]:
    """The Loki on a port of loopback."""
    with answering(loki.answer) as server:
        yield server


def pushed(labels: Mapping[str, str], *lines: str, at_s: float | None = None) -> dict[str, object]:
    """The body of a push of these lines, a millisecond apart up to `at_s`, the present by default."""
    last_ns = round((time.time() if at_s is None else at_s) * 1e9)
    values = [[str(last_ns - 1_000_000 * (len(lines) - number)), line] for number, line in enumerate(lines, 1)]
    return {"streams": [{"stream": dict(labels), "values": values}]}
