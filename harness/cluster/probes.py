"""Readiness and liveness probes of a container, by HTTP or by a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.http import Answer, call_async, connection_error
from harness.machine.loopback import PORT
from harness.machine.objects import Obj, number, section, text

FIRST_PERIOD_S = 0.03
"""Period until a container is ready for the first time: short, so that rollouts do not wait for the next probe."""
STARTUP_LIMIT_S = 60.0
"""Until its first success, and for this long at most, a probe's failures do not count, as the startup probe of
deploy/base says: a container that starts slowly on a busy machine is not restarted, and has no event.
"""


@dataclass(frozen=True)
class Probe:
    """`readinessProbe` or `livenessProbe` of a container; times in seconds."""

    kind: str
    path: str | None
    """None: a connection to the port is a success."""
    port: int
    period_s: float
    timeout_s: float
    failures: int

    @classmethod
    def read(cls, container: Obj, kind: str) -> Probe | None:
        """The probe of `kind` (Readiness, Liveness) of a container; None if it has none."""
        spec = section(container, f"{kind.lower()}Probe")
        if not spec:
            return None
        action = "tcpSocket" if "tcpSocket" in spec else "httpGet"
        return cls(
            kind,
            path=text(spec, action, "path", default="/") if action == "httpGet" else None,
            port=int(number(spec, action, "port", default=PORT)),
            period_s=max(0.05, number(spec, "periodSeconds", default=10)),
            timeout_s=number(spec, "timeoutSeconds", default=1),
            failures=int(number(spec, "failureThreshold", default=3)),
        )

    async def ask(self, address: str) -> str:
        """Probe once; returns the kubelet's message for a failure, "" for a success."""
        if self.path is None:
            why = await asyncio.to_thread(connection_error, address, self.port, self.timeout_s)
            return why and f"{self.kind} probe failed: {_dial(why, f'{address}:{self.port}')}"
        url = f"http://{address}:{self.port}{self.path}"
        answer = await call_async("GET", url, headers={"User-Agent": "kube-probe/1.36"}, timeout_s=self.timeout_s)
        return "" if answer.healthy else f"{self.kind} probe failed: {self._why(address, url, answer)}"

    def _why(self, address: str, url: str, answer: Answer) -> str:
        if answer.status:
            return f"HTTP probe failed with statuscode: {answer.status}"
        return f'Get "{url}": {_in_kubelet_terms(answer.error, f"{address}:{self.port}")}'


def _in_kubelet_terms(error: str, address: str) -> str:
    """The text with which a kubelet, a Go program, reports an error of http.call."""
    kind = error.partition(": ")[0]
    if kind == "TimeoutError":
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    return "EOF" if kind == "RemoteDisconnected" else _dial(error, address)


def _dial(error: str, address: str) -> str:
    """The text with which a kubelet reports that it could not connect."""
    kind, _, detail = error.partition(": ")
    if kind == "TimeoutError":
        return f"dial tcp {address}: i/o timeout"
    return (
        f"dial tcp {address}: connect: {'connection refused' if kind == 'ConnectionRefusedError' else detail or kind}"
    )


async def watch(
    probe: Probe, address: str, on_change: Callable[[bool], Awaitable[bool]], on_failure: Callable[[str], None]
) -> None:
    """Probe without end. Calls `on_failure(message)` for each failed probe, and `on_change(healthy)` when the state
    changes, again at the next probe if that returns False.
    """
    started, failures, healthy = time.monotonic(), 0, None
    while True:
        begun = time.monotonic()
        why = await probe.ask(address)
        failures = failures + 1 if why else 0
        starting = healthy is None and begun - started < STARTUP_LIMIT_S
        if why and not starting:
            on_failure(why)
        new = True if not why else (False if failures >= probe.failures and not starting else healthy)
        if new is not healthy and new is not None and await on_change(new):
            healthy = new
        period = probe.period_s if healthy is not None else min(probe.period_s, FIRST_PERIOD_S)
        await asyncio.sleep(max(0.0, period - (time.monotonic() - begun)))
