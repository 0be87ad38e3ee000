"""One bounded HTTP call to an address of our own. No proxy of this machine is ever used."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; status 0 with `error` when there was none."""

    status: int
    body: str
    error: str = ""


def call(
    method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Answer:
    """Answer of a call on a connection of its own; a `body` goes as JSON. `error` is `ExceptionType: its words`."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    text, content = (None, {}) if body is None else (json.dumps(body), {"Content-Type": "application/json"})
    try:
        connection.request(method, parts.path or "/", text, {"Connection": "close", **content, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, "", f"{type(error).__name__}: {error}")
    finally:
        connection.close()
