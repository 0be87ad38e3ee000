"""Load of the TOOL_DOWN runbook: tool calls and some inference requests."""

from __future__ import annotations

from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import inference, tool_call
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Request

TOOL_SHARE = 0.8


class ToolDown(HttpScenario):
    """60 requests a second; every request counts in `gateway`, tool calls also in `tools`."""

    name = "tool_down"
    series = ("gateway", "tools")
    rate_per_s = 60

    def draw(self, rng: Random) -> Request:
        """Return a tool call, or one time in five an inference request."""
        if rng.random() < TOOL_SHARE:
            return tool_call(rng, series=("gateway", "tools"))
        return inference(rng, series=("gateway",))


ToolDownUser = in_locust(ToolDown)
