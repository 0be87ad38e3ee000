"""Websocket clients as a scenario: each sends a message every second and checks its echo."""

from __future__ import annotations

import json
import math
import os

from scenarios import in_locust
from scenarios.generator.declare import Message, MessageFacts, UnknownMessage, WebSocketScenario


class Echoes(WebSocketScenario):
    """`rate_per_s` connections, which open at ECHOES_CONNECT_PER_S."""

    name = "echoes"
    series = ("connects", "messages")
    rate_per_s = 2000
    connect_per_s = float(os.environ.get("ECHOES_CONNECT_PER_S", "500"))
    hold_mean_s = math.inf
    message_every_s = 1.0

    def read(self, message: Message, state: dict[str, int]) -> MessageFacts | None:
        """Accept only the echo of the next message in order. Raises UnknownMessage otherwise."""
        state["seq"] = state.get("seq", 0) + 1
        try:
            same = json.loads(message)["seq"] == state["seq"]
        except (ValueError, TypeError, KeyError):
            same = False
        if not same:
            raise UnknownMessage(f"not the echo of message {state['seq']}: {message[:80]!r}")
        return None


EchoesUser = in_locust(Echoes)
