"""Sends the requests of the bindings' probes to one platform once a second, as its users would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.errors import GamedayError
from harness.http import Answer, call
from harness.measures.probe import RequestProbe
from harness.platforms.base import Platform
from harness.probes.periodic import Periodic

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
        self._periodic = Periodic("requests", self._round)

    def start(self, sampled: Callable[[Mapping[str, str]], None], failed: Callable[[Exception], None]) -> None:
        """Call `sampled` with the failures of each round; `failed` once when sampling breaks, which ends it."""
        if self._probes:
            self._periodic.start(sampled, failed)

    def stop(self) -> None:
        """End, and wait for the requests under way."""
        self._periodic.stop()

    def _round(self) -> Mapping[str, str]:
        """Why each request failed, "" for a good answer. All at once: one that hangs must not delay the others."""
        with ThreadPoolExecutor(len(self._probes)) as pool:
            return dict(pool.map(lambda probe: (probe.name, self.failure(probe)), self._probes))

    def failure(self, probe: RequestProbe) -> str:
        """Send one request; return why its answer is bad, "" for a good one: 2xx, or 101 for a websocket."""
        websocket = probe.method == "websocket"
        headers = _HANDSHAKE if websocket else {}
        try:
            url = self._platform.url(probe.service) + probe.path
        except GamedayError as error:
            return str(error)
        method = "GET" if websocket else probe.method
        answer = call(method, url, probe.body, {**probe.headers, **headers}, TIMEOUT_S)
        good = answer.status == 101 if websocket else 200 <= answer.status < 300
        return "" if good else _why(answer)


def _why(answer: Answer) -> str:
    return f"HTTP {answer.status}" if answer.status else answer.error.partition(":")[0]
