"""What a scenario declares: what an arrival is, what counts as bad, how many come and when. It knows no engine.

One declaration is driven by two engines: `scenarios.worker` (asyncio, what the harness runs) and locust.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from .exchange import Answer, Request
from .faults import Board


class Scenario:
    """What every scenario says. The first of `series` holds every arrival. `board` holds the faults that are on."""

    name: ClassVar[str]
    series: ClassVar[tuple[str, ...]]
    rate_per_s: ClassVar[float]
    host: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]]
    faults: ClassVar[tuple[str, ...]] = ("surge",)
    schedule: ClassVar[str] = "poisson"

    def __init__(self) -> None:
        self.board = Board(self.faults)

    def surge(self) -> float:
        """What the rate is multiplied with by the faults that are on."""
        return self.board.product("surge", "factor") if self.board else 1.0


class HttpScenario(Scenario):
    """HTTP requests. Say `method`, `path`, `headers`, `timeout_s`, `body`; or `draw` where arrivals differ in more."""

    host = "http://127.0.0.1:8080"
    schemes = ("http", "https")
    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/"
    timeout_s: ClassVar[float] = 10.0

    def headers(self, rng: Random) -> dict[str, str]:
        """The headers of the next request, beside Host, Content-Type and Content-Length."""
        return {}

    def body(self, rng: Random) -> bytes:
        """The body of the next request; a GET has mostly none."""
        return b""

    def draw(self, rng: Random) -> Request:
        """The next request, from `rng` alone."""
        return Request(self.method, self.path, self.headers(rng), self.body(rng), self.timeout_s, self.series)

    def bad(self, answer: Answer) -> str | None:
        """The kind of bad that an answer is, None for a good one; here a 200 with a JSON object is good."""
        return complete(answer)

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """The series in which an answer is bad, each with its kind; here what `bad` says, in all series."""
        kind = self.bad(answer)
        return dict.fromkeys(request.series, kind) if kind else {}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message says: when it was sent (epoch), what to answer, how many before it are missing."""

    sent_epoch_s: float
    reply: str | None = None
    dropped: int = 0


class NotOfTheProtocol(ValueError):
    """A message that the declaration does not understand: a bad event of kind `error`."""


class WebSocketScenario(Scenario):
    """Clients that each hold a websocket: `rate_per_s` is how many, `connect_per_s` how fast new ones come.

    A connection is held for an exponential lifetime of `hold_mean_s` on average (inf: for ever), then made anew. Either
    the server speaks and `heard` says what came, or the client speaks every `message_every_s` and the server echoes in
    order.
    """

    host = "ws://127.0.0.1:8080"
    schemes = ("ws", "wss", "http", "https")
    connect_per_s: ClassVar[float] = 300.0
    connect_limit_s: ClassVar[float] = 10.0
    hold_mean_s: ClassVar[float] = 7.0
    message_every_s: ClassVar[float | None] = None

    def path(self, rng: Random) -> str:
        """The path of a new connection."""
        return "/ws"

    def message(self, number: int) -> str:
        """What a client says the `number`-th time, where clients speak."""
        return json.dumps({"type": "message", "seq": number})

    def heard(self, text: str, state: dict[str, int]) -> Heard | None:
        """What a message says (None: nothing); `state` is the connection's own. Raises NotOfTheProtocol."""
        return None


def complete(answer: Answer) -> str | None:
    """None for a 200 with a JSON object, otherwise the kind of bad."""
    if answer.status != 200:
        return f"http_{answer.status}"
    try:
        return None if isinstance(json.loads(answer.body.decode()), dict) else "error"
    except ValueError:
        return "error"


def http_kind(answer: Answer) -> str | None:
    """The kind of bad of a server's failure; None where the server did answer the client."""
    return f"http_{answer.status}" if answer.status >= 500 else None
