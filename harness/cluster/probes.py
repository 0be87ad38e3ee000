"""Readiness and liveness probes of a container: by HTTP, by a connection, or by a command in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from harness.cluster.api import Invalid, Process
from harness.http import Answer, call_async, connection_error
from harness.machine.loopback import PORT
from harness.machine.objects import Obj, number, section, text

FIRST_PERIOD_S = 0.03
"""Period until a container is ready for the first time: short, so that rollouts do not wait for the next probe."""
STARTUP_LIMIT_S = 60.0
"""Until its first success, and for this long at most, a probe's failures do not count, as the startup probe of
deploy/base says: a container that starts slowly on a busy machine is not restarted, and has no event.
"""


COMMAND_PERIOD_S = 0.5
"""The same for probes by a command, of which each starts a process."""
CLOSED_S = 0.1
"""In this time a forwarding proxy has closed a connection that the container refuses."""
OUTPUT_LENGTH = 500
"""How many of the last characters of a probe's output a failure shows."""


@dataclass(frozen=True)
class Probed:
    """The container that is asked: its address, and how to start a command in it (as runtime.Runtime.execute)."""

    address: str
    execute: Callable[[Sequence[str]], Awaitable[Process]]
    forwarded: bool = False
    """Whether a proxy accepts the connections, and closes those that the container refuses."""


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
    command: Sequence[str] | None = None
    """That its exit status 0 is a success; None: `path` or a connection. Empty: a container that runs is one."""

    @classmethod
    def read(cls, container: Obj, kind: str) -> Probe | None:
        """The probe of `kind` (Readiness, Liveness) of a container; None if it has none."""
        spec = section(container, f"{kind.lower()}Probe")
        if not spec:
            return None
        action = "tcpSocket" if "tcpSocket" in spec else "httpGet"
        command = section(spec, "exec").get("command")
        return cls(
            kind,
            path=text(spec, action, "path", default="/") if action == "httpGet" else None,
            port=int(number(spec, action, "port", default=PORT)),
            period_s=max(0.05, number(spec, "periodSeconds", default=10)),
            timeout_s=number(spec, "timeoutSeconds", default=1),
            failures=int(number(spec, "failureThreshold", default=3)),
            command=[str(each) for each in command] if isinstance(command, list) else None,
        )

    @property
    def first_period_s(self) -> float:
        """Period until the first success."""
        return min(self.period_s, FIRST_PERIOD_S if self.command is None else COMMAND_PERIOD_S)

    async def ask(self, probed: Probed) -> str:
        """Probe once; returns the kubelet's message for a failure, "" for a success."""
        address = probed.address
        if self.command is not None:
            why = await self._run(self.command, probed) if self.command else ""
            return why and f"{self.kind} probe failed: {why}"
        if self.path is None:
            closed_s = CLOSED_S if probed.forwarded else 0.0
            why = await asyncio.to_thread(connection_error, address, self.port, self.timeout_s, closed_s)
            return why and f"{self.kind} probe failed: {_dial(why, f'{address}:{self.port}')}"
        url = f"http://{address}:{self.port}{self.path}"
        answer = await call_async("GET", url, headers={"User-Agent": "kube-probe/1.36"}, timeout_s=self.timeout_s)
        return "" if answer.healthy else f"{self.kind} probe failed: {self._why(address, url, answer)}"

    async def _run(self, command: Sequence[str], probed: Probed) -> str:
        """Run a command in the container; returns why that is a failure, "" for a success."""
        output: list[bytes] = []
        process: Process | None = None
        try:
            async with asyncio.timeout(self.timeout_s):
                process = await probed.execute(command)
                await asyncio.gather(_collect(process.stdout, output), _collect(process.stderr, output))
                status = await process.wait()
        except TimeoutError:
            if process is not None:
                process.kill()
            return f'command timed out: "{" ".join(command)}" timed out after {self.timeout_s:g}s'
        except (FileNotFoundError, Invalid) as error:
            return f"{command[0]}: no such program" if isinstance(error, FileNotFoundError) else str(error)
        shown = b"".join(output).decode(errors="replace").strip()[-OUTPUT_LENGTH:]
        return "" if status == 0 else shown or f"exit status {status}"

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


async def _collect(stream: AsyncIterator[bytes], output: list[bytes]) -> None:
    async for chunk in stream:
        output.append(chunk)


NO_PROBE = Probe("Readiness", None, 0, period_s=3600, timeout_s=1, failures=1, command=())
"""A container without a readiness probe is ready as soon as it runs."""


async def watch(
    probe: Probe, probed: Probed, on_change: Callable[[bool], Awaitable[bool]], on_answer: Callable[[str, bool], None]
) -> None:
    """Probe without end. Calls `on_answer(why, counts)` after each probe, with why it failed, and `on_change(healthy)`
    when the state changes, again at the next probe if that returns False. A failure during the start does not count.
    """
    started, failures, healthy = time.monotonic(), 0, None
    while True:
        begun = time.monotonic()
        why = await probe.ask(probed)
        failures = failures + 1 if why else 0
        starting = healthy is None and begun - started < STARTUP_LIMIT_S
        on_answer(why, not starting)
        new = True if not why else (False if failures >= probe.failures and not starting else healthy)
        if new is not healthy and new is not None and await on_change(new):
            healthy = new
        period = probe.period_s if healthy is not None else probe.first_period_s
        await asyncio.sleep(max(0.0, period - (time.monotonic() - begun)))
