"""Websocket clients as a scenario of ours: each speaks every second, and checks the echo."""

from __future__ import annotations

import json
import math
import os

from scenarios import in_locust
from scenarios.generator.declare import MessageFacts, UnknownMessage, WebSocketScenario


class Echoes(WebSocketScenario):
    """As many connections as the rate says; ECHOES_CONNECT_PER_S is how fast they come."""

    name = "echoes"
    series = ("connects", "messages")
    rate_per_s = 2000
    connect_per_s = float(os.environ.get("ECHOES_CONNECT_PER_S", "500"))
    hold_mean_s = math.inf
    message_every_s = 1.0

    def read(self, text: str, state: dict[str, int]) -> MessageFacts | None:
        """The echo of the next message in order, and nothing else."""
        state["seq"] = state.get("seq", 0) + 1
        try:
            same = json.loads(text)["seq"] == state["seq"]
        except (ValueError, TypeError, KeyError):
            same = False
        if not same:
            raise UnknownMessage(f"not the echo of message {state['seq']}: {text[:80]!r}")
        return None


EchoesUser = in_locust(Echoes)
