"""Load of the TIMEOUT runbook: inference requests of several tenants."""

from __future__ import annotations

from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import INFER_TIMEOUT_S, encoded, inference_body, tenant
from scenarios.generator.declare import HttpScenario


class Timeout(HttpScenario):
    """50 `POST /v1/infer` a second; a 200 with a JSON object is good."""

    name = "timeout"
    series = ("gateway",)
    rate_per_s = 50
    method, path, timeout_s = "POST", "/v1/infer", INFER_TIMEOUT_S

    def headers(self, rng: Random) -> dict[str, str]:
        """Return the header with a random tenant."""
        return tenant(rng)

    def body(self, rng: Random) -> bytes:
        """Return a valid body."""
        return encoded(inference_body(rng))


TimeoutUser = in_locust(Timeout)
