"""Inference requests of several tenants: the load under which the TIMEOUT runbook is tried."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from scenarios.generator.arrivals import ArrivalsUser
from scenarios.generator.bodies import complete, inference
from scenarios.generator.http import Answer, Request
from scenarios.generator.session import Session


class Timeout(ArrivalsUser):
    """50 `POST /v1/infer` a second."""

    session = Session("timeout", series=("gateway",), rate_per_s=50, faults=("surge",))
    host = session.settings.host or "http://127.0.0.1:8080"

    def draw(self, rng: Random) -> Request:
        """An inference request."""
        return inference(rng, series=("gateway",))

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """Good is a 200 with the JSON object that was asked for."""
        kind = complete(answer)
        return {"gateway": kind} if kind else {}
