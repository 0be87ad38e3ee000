"""Open arrivals of `POST /infer` straight to the inference service, as `gameday run` drives them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from scenarios.generator.arrivals import ArrivalsUser
from scenarios.generator.bodies import INFER_TIMEOUT_S, complete
from scenarios.generator.http import Answer, Request
from scenarios.generator.session import Session

SERIES = ("inference",)


class Inference(ArrivalsUser):
    """150 `POST /infer` a second; a job's time does not depend on its body."""

    session = Session("slot_loss", series=SERIES, rate_per_s=150, faults=("surge",))
    host = session.settings.host or "http://127.0.0.1:8080"

    def draw(self, _: Random) -> Request:
        """One job."""
        return Request("POST", "/infer", {}, b"{}", INFER_TIMEOUT_S, SERIES)

    def judge(self, _: Request, answer: Answer) -> Mapping[str, str]:
        """Good is a 200 with a JSON object."""
        kind = complete(answer)
        return {SERIES[0]: kind} if kind else {}
