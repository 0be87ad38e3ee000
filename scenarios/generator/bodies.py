"""Request bodies of the clients; each is built at its arrival."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from .exchange import Request

TENANTS = ("acme", "globex", "initech", "umbrella", "hooli")
TOOLS = ("search", "calculator", "weather")
WORDS = ("explain", "the", "weather", "of", "tomorrow", "in", "a", "short", "poem", "for", "my", "team", "please")
_TEXT = Random(1).choices(WORDS, k=2000)  # noqa: S311
INFER_TIMEOUT_S = 8.0
TOOL_TIMEOUT_S = 40.0


def prompt(rng: Random) -> str:
    """Return a prompt of 4 to 40 words, cut from a long random text: drawing each word would cost too much CPU."""
    first = below(rng, len(_TEXT) - 40)
    return " ".join(_TEXT[first : first + 4 + below(rng, 37)])


def below(rng: Random, limit: int) -> int:
    """Return a random integer from 0 to `limit` - 1; a third of the cost of `randrange`, uniform for small limits."""
    return int(rng.random() * limit)


def inference_body(rng: Random) -> dict[str, object]:
    """Return a valid body of `POST /v1/infer`."""
    return {"model": "small", "prompt": prompt(rng), "max_tokens": 16 + below(rng, 241)}


def encoded(body: Mapping[str, object]) -> bytes:
    """Return a body as JSON."""
    return json.dumps(body).encode()


def tenant(rng: Random) -> dict[str, str]:
    """Return the header with a random tenant."""
    return {"X-Tenant": TENANTS[below(rng, len(TENANTS))]}


def inference(rng: Random, series: tuple[str, ...], body: Mapping[str, object] | None = None) -> Request:
    """Return `POST /v1/infer` of a random tenant, by default with a valid body."""
    return _post(rng, "/v1/infer", inference_body(rng) if body is None else body, INFER_TIMEOUT_S, series)


def tool_call(rng: Random, series: tuple[str, ...]) -> Request:
    """Return `POST /v1/tools/NAME` of a random tenant, with a random tool."""
    body = {"arguments": {"query": prompt(rng)}}
    return _post(rng, f"/v1/tools/{rng.choice(TOOLS)}", body, TOOL_TIMEOUT_S, series)


def _post(rng: Random, path: str, body: Mapping[str, object], timeout_s: float, series: tuple[str, ...]) -> Request:
    return Request("POST", path, tenant(rng), encoded(body), timeout_s, series)
