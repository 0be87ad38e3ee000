"""Load of the VALIDATION_FAIL runbook: valid bodies and a few that must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from scenarios import in_locust
from scenarios.generator.bodies import inference, inference_body
from scenarios.generator.declare import HttpScenario, complete, http_kind
from scenarios.generator.exchange import Answer, Request

BAD_SHARE = 5 / 65
VALID = ("gateway", "valid")
BAD_INPUT = ("gateway", "bad_input")


class ValidationFail(HttpScenario):
    """65 requests a second: 60 valid ones and 5 that must be refused.

    With the fault `new-clients` a share of the valid ones comes from clients of the next version: they send an
    additional field, which strict rules refuse, and a number as a string, which is deprecated.
    """

    name = "validation_fail"
    series = ("gateway", "valid", "bad_input")
    rate_per_s = 65
    faults = ("surge", "new-clients")

    def draw(self, rng: Random) -> Request:
        """Return a request with a valid or an invalid body."""
        if rng.random() < BAD_SHARE:
            return inference(rng, BAD_INPUT, bad_body(rng))
        body = inference_body(rng)
        if rng.random() < self._new_share():
            body |= {"max_tokens": str(body["max_tokens"]), "reasoning_effort": "low"}
        return inference(rng, VALID, body)

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """Return server errors as bad in `gateway`, wrong decisions of the validation in `valid` and `bad_input`."""
        failure = http_kind(answer)
        if failure:
            return dict.fromkeys(request.series, failure)
        if request.series == VALID:
            kind = "rejected" if answer.status == 400 else complete(answer)
            return {"valid": kind} if kind else {}
        return {"bad_input": "accepted"} if answer.status < 400 else {}

    def _new_share(self) -> float:
        return max((fault.parameters["share"] for fault in self.board.active("new-clients")), default=0.0)


def bad_body(rng: Random) -> dict[str, object]:
    """Return a body that strict and lax rules must refuse: a field missing, of a wrong type, too long, or not text."""
    body = inference_body(rng)
    fault = rng.choice(("missing", "type", "length", "characters"))
    if fault == "missing":
        del body["prompt"]
    elif fault == "type":
        body["prompt"] = rng.randint(0, 99)
    elif fault == "length":
        body["prompt"] = "x" * 50_000
    else:
        body["prompt"] = f"{body['prompt']}\x00\x1b[2J"
    return body


ValidationFailUser = in_locust(ValidationFail)
