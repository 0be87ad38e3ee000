"""Delivers requests to one URL in order, in a thread of its own, with bounded retries. It never delays a drill."""

from __future__ import annotations

import base64
import json
import queue
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import unquote, urlsplit

from harness.listeners.webhooks.base import Json, shown

LONGEST_QUEUE = 1_000
TIMEOUT_S = 5.0
"""For each wait for the receiver."""
BACKOFFS_S = (0.5, 1.0, 2.0)
"""Waits between the attempts, of which there is one more."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: the request, with its key, goes to no URL that the user did not name."""

    def redirect_request(self, *_: object) -> None:
        return None


class Delivery:
    """Sends each body by POST. `name` is the receiver in notes; the URL is shown without what may be a secret in it."""

    def __init__(
        self, name: str, url: str, timeout_s: float = TIMEOUT_S, backoffs_s: tuple[float, ...] = BACKOFFS_S
    ) -> None:
        self.name, self._url, self._timeout_s, self._backoffs_s = name, url, timeout_s, backoffs_s
        self._bare_url, self._headers = _authorized(url)
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._bodies: queue.Queue[Json | None] = queue.Queue(LONGEST_QUEUE)
        self._end, self._failures, self._taken, self._done = threading.Event(), Counter[str](), 0, 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"notify-{name}", daemon=True)

    def put(self, body: Json) -> None:
        """Send a body later. Returns at once; a body for which there is no room counts as not delivered."""
        with self._changed:
            self._taken += 1
            if self._taken == 1:
                self._thread.start()
        try:
            self._bodies.put_nowait(body)
        except queue.Full:
            self._settle("too many were waiting")

    def close(self, limit_s: float) -> Iterator[str]:
        """Wait until every body is delivered or given up, at most `limit_s`; yields a note if one was not delivered."""
        with self._changed:
            self._changed.wait_for(lambda: self._done == self._taken, limit_s)
            left, failures = self._taken - self._done, self._failures.copy()
        self._end.set()
        with suppress(queue.Full):  # then the thread waits for none
            self._bodies.put_nowait(None)
        if left:
            failures["not delivered by the end of the run"] += left
        if failures:
            why = "; ".join(f"{reason} ({count})" for reason, count in failures.items())
            yield f"{self.name} at {shown(self._url)}: {failures.total()} of {self._taken} notifications failed: {why}"

    def _run(self) -> None:
        while (body := self._bodies.get()) is not None and not self._end.is_set():
            self._settle(self._deliver(json.dumps(body).encode()))

    def _settle(self, failure: str) -> None:
        with self._changed:
            self._done += 1
            self._failures.update([failure] if failure else [])
            self._changed.notify_all()

    def _deliver(self, body: bytes) -> str:
        """Why a body could not be delivered; "" if it was."""
        for backoff_s in (*self._backoffs_s, None):
            failure, again = self._attempt(body)
            if not failure or not again or backoff_s is None or self._end.wait(backoff_s):
                return failure
        return failure

    def _attempt(self, body: bytes) -> tuple[str, bool]:
        """Why one attempt failed, and whether another one may succeed."""
        request = urllib.request.Request(self._bare_url, body, self._headers, method="POST")  # noqa: S310  http or https only: harness/app/notifying.py
        try:
            with self._opener.open(request, timeout=self._timeout_s):
                return "", False
        except urllib.error.HTTPError as error:
            with error:
                return f"HTTP {error.code}", error.code >= 500 or error.code == 429
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a host that IDNA cannot encode
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            return f"{type(reason).__name__}", True


def _authorized(url: str) -> tuple[str, dict[str, str]]:
    """The URL without user and password, which urllib cannot send, and the headers of a request: RFC 7617 has them."""
    parts, headers = urlsplit(url), {"Content-Type": "application/json"}
    who, _, where = parts.netloc.rpartition("@")
    if who:
        headers["Authorization"] = f"Basic {base64.b64encode(unquote(who).encode()).decode()}"
    return parts._replace(netloc=where).geturl(), headers
