"""What clients send: each body is built for its arrival."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from .exchange import Request

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


def encoded(body: Mapping[str, object]) -> bytes:
    """A body as JSON."""
    return json.dumps(body).encode()


def tenant(rng: Random) -> dict[str, str]:
    """The header that names some tenant."""
    return {"X-Tenant": rng.choice(TENANTS)}


def inference(rng: Random, series: tuple[str, ...], body: Mapping[str, object] | None = None) -> Request:
    """`POST /v1/infer` of some tenant, by default with a valid body."""
    return _post(rng, "/v1/infer", inference_body(rng) if body is None else body, INFER_TIMEOUT_S, series)


def tool_call(rng: Random, series: tuple[str, ...]) -> Request:
    """`POST /v1/tools/NAME` of some tenant."""
    body = {"arguments": {"query": prompt(rng)}}
    return _post(rng, f"/v1/tools/{rng.choice(TOOLS)}", body, TOOL_TIMEOUT_S, series)


def _post(rng: Random, path: str, body: Mapping[str, object], timeout_s: float, series: tuple[str, ...]) -> Request:
    return Request("POST", path, tenant(rng), encoded(body), timeout_s, series)
