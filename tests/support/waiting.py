"""Wait for a condition in a test, with a limit."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LIMIT_S = 30.0
"""How long a test waits for something that takes milliseconds: generous, because only a failing test waits so long."""


def wait_until(condition: Callable[[], T], what: str = "the condition", limit_s: float = LIMIT_S) -> T:
    """Return the first true value of `condition`; fail the test with `what` after `limit_s`.

    A network error inside `condition` counts as "not yet": the server may still be starting.
    """
    deadline_s = time.monotonic() + limit_s
    error: Exception | None = None
    while time.monotonic() < deadline_s:
        try:
            if value := condition():
                return value
        except (OSError, http.client.HTTPException) as latest:
            error = latest
        time.sleep(0.01)
    raise AssertionError(f"not true within {limit_s:g} s: {what}{f'; last error: {error!r}' if error else ''}")


async def wait_until_async(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait for `condition` without blocking the event loop; fail the test after `limit_s`."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not true within {limit_s:g} s"
        await asyncio.sleep(0.01)
