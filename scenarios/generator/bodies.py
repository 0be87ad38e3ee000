"""What clients send, each body built for its arrival, and what a whole answer looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from .http import Answer, Request

TENANTS = ("acme", "globex", "initech", "umbrella", "hooli")
TOOLS = ("search", "calculator", "weather")
WORDS = ("explain", "the", "weather", "of", "tomorrow", "in", "a", "short", "poem", "for", "my", "team", "please")
INFER_TIMEOUT_S = 8.0
TOOL_TIMEOUT_S = 40.0


def prompt(rng: Random) -> str:
    """A few words."""
    return " ".join(rng.choices(WORDS, k=rng.randint(4, 40)))


def inference_body(rng: Random) -> dict[str, object]:
    """A valid body of `POST /v1/infer`."""
    return {"model": "small", "prompt": prompt(rng), "max_tokens": rng.randint(16, 256)}


def inference(rng: Random, series: tuple[str, ...], body: Mapping[str, object] | None = None) -> Request:
    """`POST /v1/infer` of some tenant, by default with a valid body."""
    return _post(rng, "/v1/infer", inference_body(rng) if body is None else body, INFER_TIMEOUT_S, series)


def tool_call(rng: Random, series: tuple[str, ...]) -> Request:
    """`POST /v1/tools/NAME` of some tenant."""
    body = {"arguments": {"query": prompt(rng)}}
    return _post(rng, f"/v1/tools/{rng.choice(TOOLS)}", body, TOOL_TIMEOUT_S, series)


def complete(answer: Answer) -> str | None:
    """None for a 200 with a JSON object, otherwise the kind of bad."""
    if answer.status != 200:
        return f"http_{answer.status}"
    try:
        return None if isinstance(json.loads(answer.body), dict) else "error"
    except ValueError:
        return "error"


def _post(rng: Random, path: str, body: Mapping[str, object], timeout_s: float, series: tuple[str, ...]) -> Request:
    headers = {"X-Tenant": rng.choice(TENANTS)}
    return Request("POST", path, headers, json.dumps(body).encode(), timeout_s, series)
