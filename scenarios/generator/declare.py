"""Declare a scenario: its arrivals, what counts as bad, the rate and the schedule; independent of the engine.

One declaration is driven by two engines: `scenarios.worker` (asyncio, what the harness runs) and locust.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from .exchange import Answer, Request
from .faults import FaultBoard

Message = str | bytes
"""A message of a websocket: text, or bytes for a binary one."""


class Scenario:
    """Base of scenarios. The first of `series` counts every arrival; `board` has the active faults."""

    name: ClassVar[str]
    series: ClassVar[tuple[str, ...]]
    rate_per_s: ClassVar[float]
    host: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]]
    faults: ClassVar[tuple[str, ...]] = ("surge",)
    schedule: ClassVar[str] = "poisson"

    def __init__(self) -> None:
        self.board = FaultBoard(self.faults)

    def surge(self) -> float:
        """Return the factor of the active faults on the rate."""
        return self.board.product("surge", "factor") if self.board else 1.0


class HttpScenario(Scenario):
    """HTTP requests. Set `method`, `path`, `headers`, `timeout_s`, `body`; or override `draw` for other differences."""

    host = "http://127.0.0.1:8080"
    schemes = ("http", "https")
    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/"
    timeout_s: ClassVar[float] = 10.0

    def headers(self, rng: Random) -> dict[str, str]:
        """Return the headers of the next request, except Host and Content-Length; a body is JSON by default."""
        return {}

    def body(self, rng: Random) -> bytes:
        """Return the body of the next request; empty for most GETs."""
        return b""

    def draw(self, rng: Random) -> Request:
        """Return the next request, determined by `rng` alone."""
        return Request(self.method, self.path, self.headers(rng), self.body(rng), self.timeout_s, self.series)

    def bad(self, answer: Answer) -> str | None:
        """Return the kind of a bad answer, None for a good one; by default a 200 with a JSON object is good."""
        return complete(answer)

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """Return the series in which an answer is bad, with its kind; by default the result of `bad` in all series."""
        kind = self.bad(answer)
        return dict.fromkeys(request.series, kind) if kind else {}


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """Facts of a server's message: epoch time of its sending, reply to send, number of messages missing before it."""

    sent_epoch_s: float
    reply: Message | None = None
    dropped: int = 0


class UnknownMessage(ValueError):
    """The message is invalid; it counts as a bad event of kind `error`."""


class WebSocketScenario(Scenario):
    """Clients that each hold a websocket: `rate_per_s` is how many, `connect_per_s` how fast new ones come.

    A connection has an exponential lifetime of `hold_mean_s` on average (inf: for ever), then opens again. Either
    the server sends messages, which `read` interprets, or the client sends one every `message_every_s`, and the server
    echoes them in order. Received messages may have up to `max_message_bytes`.
    """

    host = "ws://127.0.0.1:8080"
    schemes = ("ws", "wss", "http", "https")
    connect_per_s: ClassVar[float] = 300.0
    connect_limit_s: ClassVar[float] = 10.0
    hold_mean_s: ClassVar[float] = 7.0
    message_every_s: ClassVar[float | None] = None
    max_message_bytes: ClassVar[int] = 1 << 20

    def path(self, rng: Random) -> str:
        """Return the path of a new connection."""
        return "/ws"

    def message(self, number: int) -> Message:
        """Return a client's message, where clients send; `number` counts from 1."""
        return json.dumps({"type": "message", "seq": number})

    def read(self, message: Message, state: dict[str, int]) -> MessageFacts | None:
        """Return a message's facts, None to ignore it; `state` belongs to the connection. Raises UnknownMessage."""
        return None


def complete(answer: Answer) -> str | None:
    """Return None for a 200 with a JSON object, otherwise the kind of bad."""
    if answer.status != 200:
        return f"http_{answer.status}"
    try:
        return None if isinstance(json.loads(answer.body.decode()), dict) else "error"
    except ValueError:
        return "error"


def http_kind(answer: Answer) -> str | None:
    """Return `http_STATUS` for a server error (5xx), None for every other answer."""
    return f"http_{answer.status}" if answer.status >= 500 else None
