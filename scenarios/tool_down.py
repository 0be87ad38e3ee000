"""Tool calls and some inference: the load under which the TOOL_DOWN runbook is tried."""

from __future__ import annotations

from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import inference, tool_call
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Request

TOOL_SHARE = 0.8


class ToolDown(HttpScenario):
    """60 a second; every request counts in `gateway`, tool calls in `tools` as well."""

    name = "tool_down"
    series = ("gateway", "tools")
    rate_per_s = 60

    def draw(self, rng: Random) -> Request:
        """A tool call, or one in five times an inference request."""
        if rng.random() < TOOL_SHARE:
            return tool_call(rng, series=("gateway", "tools"))
        return inference(rng, series=("gateway",))


ToolDownUser = in_locust(ToolDown)
