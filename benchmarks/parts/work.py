"""The work of an HTTP arrival, equal for all generators: build a JSON body, check status and body of the answer.

`k6_http.js` and `wrk.lua` do the same in their languages.
"""

from __future__ import annotations

import json

PATH = "/work"
HEADERS = {"Content-Type": "application/json", "X-Tenant": "acme"}
PROMPT = "explain the weather of tomorrow in a short poem for my team please"


def body(number: int) -> bytes:
    """Return the body of arrival `number`."""
    return json.dumps({"id": number, "model": "small", "prompt": PROMPT, "max_tokens": 16 + number % 241}).encode()


def good(status: int, answer: bytes) -> bool:
    """Return whether status and body are those of a good answer."""
    if status != 200:
        return False
    try:
        read = json.loads(answer)
    except ValueError:
        return False
    return isinstance(read, dict) and read.get("ok") is True
