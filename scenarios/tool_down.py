"""Tool calls and some inference: the load under which the TOOL_DOWN runbook is tried."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from scenarios.generator.arrivals import ArrivalsUser
from scenarios.generator.bodies import complete, inference, tool_call
from scenarios.generator.http import Answer, Request
from scenarios.generator.session import Session

TOOL_SHARE = 0.8


class ToolDown(ArrivalsUser):
    """60 a second; every request counts in `gateway`, tool calls in `tools` as well."""

    session = Session("tool_down", series=("gateway", "tools"), rate_per_s=60, faults=("surge",))
    host = session.settings.host or "http://127.0.0.1:8080"

    def draw(self, rng: Random) -> Request:
        """A tool call, or one in five times an inference request."""
        if rng.random() < TOOL_SHARE:
            return tool_call(rng, series=("gateway", "tools"))
        return inference(rng, series=("gateway",))

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """Good is a 200 with a JSON object."""
        kind = complete(answer)
        return dict.fromkeys(request.series, kind) if kind else {}
