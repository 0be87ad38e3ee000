"""Readiness and liveness of one running container, by HTTP, as its template asks for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from harness.http import Answer, call_async
from harness.machine.loopback import PORT
from harness.machine.objects import Obj, number, section, text

FIRST_PERIOD_S = 0.03
"""Until a container is ready for the first time it is asked often, so that a rollout does not wait for the clock."""
STARTUP_S = 3.0
"""For so long a container that refuses connections is starting, not failing."""


@dataclass(frozen=True)
class Probe:
    """`readinessProbe` or `livenessProbe` of a container; times in seconds."""

    kind: str
    path: str
    port: int
    period_s: float
    timeout_s: float
    failures: int

    @classmethod
    def read(cls, container: Obj, kind: str) -> Probe | None:
        """The probe `kind` (Readiness, Liveness) of a container; None when it has none."""
        spec = section(container, f"{kind.lower()}Probe")
        if not spec:
            return None
        http = section(spec, "httpGet")
        return cls(
            kind,
            path=text(http, "path", default="/"),
            port=int(number(http, "port", default=PORT)),
            period_s=max(0.05, number(spec, "periodSeconds", default=10)),
            timeout_s=number(spec, "timeoutSeconds", default=1),
            failures=int(number(spec, "failureThreshold", default=3)),
        )

    async def ask(self, address: str) -> str:
        """What is wrong, in the kubelet's words; "" when nothing is."""
        url = f"http://{address}:{self.port}{self.path}"
        answer = await call_async("GET", url, headers={"User-Agent": "kube-probe/1.36"}, timeout_s=self.timeout_s)
        return "" if 200 <= answer.status < 400 else f"{self.kind} probe failed: {self._why(address, url, answer)}"

    def _why(self, address: str, url: str, answer: Answer) -> str:
        if answer.status:
            return f"HTTP probe failed with statuscode: {answer.status}"
        return f'Get "{url}": {_in_kubelet_terms(answer.error, f"{address}:{self.port}")}'


def _in_kubelet_terms(error: str, address: str) -> str:
    """The text with which a kubelet, a Go program, reports an error of http.call."""
    kind, _, detail = error.partition(": ")
    if kind == "TimeoutError":
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if kind == "RemoteDisconnected":
        return "EOF"
    return (
        f"dial tcp {address}: connect: {'connection refused' if kind == 'ConnectionRefusedError' else detail or kind}"
    )


async def watch(
    probe: Probe, address: str, tell: Callable[[bool], Awaitable[bool]], complain: Callable[[str], None]
) -> None:
    """Ask for ever; `tell(healthy)` on each change of mind, again when it answers False; `complain` on each failure."""
    started, failed, healthy = time.monotonic(), 0, None
    while True:
        asked = time.monotonic()
        why = await probe.ask(address)
        failed = failed + 1 if why else 0
        starting = healthy is None and asked - started < STARTUP_S
        if why and not starting:
            complain(why)
        verdict = True if not why else (False if failed >= probe.failures and not starting else healthy)
        if verdict is not healthy and verdict is not None and await tell(verdict):
            healthy = verdict
        period = probe.period_s if healthy is not None else min(probe.period_s, FIRST_PERIOD_S)
        await asyncio.sleep(max(0.0, period - (time.monotonic() - asked)))
