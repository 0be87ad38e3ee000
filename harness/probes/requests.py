"""Sends the requests of the bindings' probes to one platform once a second, as its users would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.errors import GamedayError
from harness.http import Answer, call
from harness.measures.probe import RequestProbe
from harness.platforms.base import Platform

PERIOD_S = 1.0
TIMEOUT_S = 2.0
_HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "Z2FtZWRheS1wcm9iZS0xMg==",
    "Sec-WebSocket-Version": "13",
}
"""The key may be any 16 bytes: no frame is sent."""


class RequestSampler:
    """Sends every request once a second in a thread, from `start` until `stop`; apart from the other probes, so that an
    answer that is awaited delays none of them."""

    def __init__(self, platform: Platform, probes: Sequence[RequestProbe]) -> None:
        self._platform, self._probes = platform, probes
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, sampled: Callable[[Mapping[str, str]], None], failed: Callable[[Exception], None]) -> None:
        """Call `sampled` with the failures of each round; `failed` once when sampling breaks, which ends it."""
        if self._probes:
            self._thread = threading.Thread(target=self._run, args=(sampled, failed), daemon=True, name="requests")
            self._thread.start()

    def stop(self) -> None:
        """End, and wait for the requests under way."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=2 * TIMEOUT_S)

    def _run(self, sampled: Callable[[Mapping[str, str]], None], failed: Callable[[Exception], None]) -> None:
        due = time.monotonic()
        try:
            with ThreadPoolExecutor(len(self._probes)) as pool:
                while not self._stop.is_set():
                    found = dict(pool.map(lambda probe: (probe.name, self.failure(probe)), self._probes))
                    if self._stop.is_set():
                        return
                    sampled(found)
                    due = max(due + PERIOD_S, time.monotonic())
                    self._stop.wait(due - time.monotonic())
        except Exception as error:
            failed(error)

    def failure(self, probe: RequestProbe) -> str:
        """Send one request; return why its answer is bad, "" for a good one: 2xx, or 101 for a websocket."""
        websocket = probe.method == "websocket"
        headers = _HANDSHAKE if websocket else {}
        try:
            url = self._platform.url(probe.service) + probe.path
        except GamedayError as error:
            return str(error)
        method = "GET" if websocket else probe.method
        answer = call(method, url, probe.body, {"X-Tenant": "probe", **headers}, TIMEOUT_S)
        good = answer.status == 101 if websocket else 200 <= answer.status < 300
        return "" if good else _why(answer)


def _why(answer: Answer) -> str:
    return f"HTTP {answer.status}" if answer.status else answer.error.partition(":")[0]
