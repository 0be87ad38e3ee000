"""Open arrivals of `POST /infer` straight to the inference service, as `gameday run` drives them."""

from __future__ import annotations

from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import INFER_TIMEOUT_S
from scenarios.generator.declare import HttpScenario


class Inference(HttpScenario):
    """150 `POST /infer` a second; a job's time does not depend on its body. Good is a 200 with a JSON object."""

    name = "slot_loss"
    series = ("inference",)
    rate_per_s = 150
    method, path, timeout_s = "POST", "/infer", INFER_TIMEOUT_S

    def body(self, rng: Random) -> bytes:
        """One job."""
        return b"{}"


InferenceUser = in_locust(Inference)
