"""Load of the WS_OVERLOAD runbook: long-lived websocket connections."""

from __future__ import annotations

import json
from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import TENANTS
from scenarios.generator.declare import Message, MessageFacts, UnknownMessage, WebSocketScenario


class WsOverload(WebSocketScenario):
    """600 clients with one connection each; with the fault `crowd` more of them, some slow.

    The server numbers its messages without gaps, including dropped ones; each is acknowledged.
    """

    name = "ws_overload"
    series = ("connects", "messages")
    rate_per_s = 600
    faults = ("surge", "crowd")

    def path(self, rng: Random) -> str:
        """Return the path of a random tenant."""
        return f"/ws?tenant={rng.choice(TENANTS)}"

    def read(self, message: Message, state: dict[str, int]) -> MessageFacts:
        """Return the send time of a message, its acknowledgement, and the number of messages missing before it."""
        try:
            facts = json.loads(message)
            seq, sent_s = int(facts["seq"]), float(facts["sent_ms"]) / 1e3
        except (ValueError, TypeError, KeyError) as error:
            raise UnknownMessage(f"not a message of the protocol: {message[:80]!r}") from error
        dropped, state["seq"] = max(0, seq - state.get("seq", 0) - 1), seq
        return MessageFacts(sent_s, f'{{"type": "ack", "seq": {seq}}}', dropped)


WsOverloadUser = in_locust(WsOverload)
