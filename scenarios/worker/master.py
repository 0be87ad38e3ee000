"""Run as a worker of a stock locust master: msgpack `(type, data, node_id)` over ZeroMQ (locust's rpc/zmqrpc.py).

The master's web UI starts, edits and stops runs as on a worker of locust's own; the plan of a run is among the options
of the spawn message (scenarios/locusts/dispatch.py).
"""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import zmq
import zmq.asyncio

from scenarios.generator.plan import from_wire
from scenarios.generator.row import row_of_ages
from scenarios.generator.statistics import OUTSTANDING, OUTSTANDING_ROW

from .run import Worker

ANY_VERSION = -1
"""Worker version that every master accepts: locust compares other versions with its own."""
ACK_LIMIT_S, ACK_ATTEMPTS = 5.0, 60
HEARTBEAT_S, STATS_S = 0.5, 3.0
SILENT_S, GONE_S = 10.0, 60.0
"""Silence of a master after which this worker registers again (it may have restarted), and after which it gives up,
as locust's own workers do."""
LINGER_MS = 1000
MOST_LINES = 500

Message = dict[str, Any]


class MasterGone(OSError):
    """There is no locust master at the address; the message has it."""


class Link:
    """The connection to the master: sends state and statistics, and executes the master's messages."""

    def __init__(self, host: str, port: int, worker: Worker, done: asyncio.Event) -> None:
        self._address, self._worker, self._done = f"tcp://{host}:{port}", worker, done
        self._id = f"{socket.gethostname()}_{uuid.uuid4().hex}"
        self._context = zmq.asyncio.Context()
        self._socket = self._connected()
        self._state = "ready"
        self._users: dict[str, int] = {}
        self._index = 0
        self._acked = asyncio.Event()
        self._last_spawn_s = 0.0
        self._stop_timeout_s = 0.0
        self._stopping: asyncio.Task[None] | None = None
        self._last_message_s = time.monotonic()
        self._log_lines: list[str] = []
        self._warn_on_stderr, worker.report.warn = worker.report.warn, self._warn
        self._used_s, self._cpu_measured_s = time.process_time(), time.monotonic()

    async def run(self) -> None:
        """Run until the master or a signal ends it. Raises MasterGone when the master is unreachable."""
        tasks = [asyncio.create_task(each()) for each in (self._listen, self._live, self._heartbeats, self._reports)]
        ending = asyncio.create_task(self._done.wait())
        finished, _ = await asyncio.wait([*tasks, ending], return_when=asyncio.FIRST_COMPLETED)
        self._worker.stop()
        for task in (*tasks, ending):
            task.cancel()
        await self._report()
        self._worker.report.warn = self._warn_on_stderr
        await self._send("quit", None)
        self._context.destroy(linger=LINGER_MS)
        for task in finished:
            task.result()

    # -- messages to the master

    async def _live(self) -> None:
        """Register with the master until it acknowledges; register again after silence: it may have restarted."""
        for _ in range(ACK_ATTEMPTS):
            await self._send("client_ready", ANY_VERSION)
            try:
                await asyncio.wait_for(self._acked.wait(), ACK_LIMIT_S)
                break
            except TimeoutError:
                continue
        else:
            raise MasterGone(f"no locust master at {self._address}: start one with `locust -f SCENARIO.py --master`")
        while (silent_s := time.monotonic() - self._last_message_s) < GONE_S:
            await asyncio.sleep(HEARTBEAT_S)
            if silent_s > SILENT_S:
                await self._send("client_ready", ANY_VERSION)
        raise MasterGone(
            f"the locust master at {self._address} has sent nothing for {GONE_S:g} s: check whether it runs"
        )

    async def _heartbeats(self) -> None:
        while True:
            await self._acked.wait()
            data = {"state": self._state, "current_cpu_usage": self._cpu(), "current_memory_usage": _memory_bytes()}
            await self._send("heartbeat", data)
            await asyncio.sleep(HEARTBEAT_S)

    async def _reports(self) -> None:
        while True:
            await asyncio.sleep(STATS_S)
            await self._report()

    async def _report(self) -> None:
        worker = self._worker
        worker.rows.unsent(worker.report.ledger.unsent[worker.scenario.series[0]])
        outstanding = row_of_ages(worker.outstanding_s()).to_wire(*OUTSTANDING_ROW)
        await self._send("stats", {**worker.rows.take(), **self._counted(), OUTSTANDING: outstanding})

    def _counted(self) -> Message:
        return {"user_classes_count": self._users, "user_count": sum(self._users.values())}

    def _warn(self, text: str) -> None:
        """Write a warning to stderr, and to the Logs tab of the master's web UI."""
        self._warn_on_stderr(text)
        self._log_lines = [*self._log_lines, f"[{time.strftime('%Y-%m-%d %H:%M:%S')}] WARNING: {text}"][-MOST_LINES:]
        logs = {"worker_id": self._id, "logs": self._log_lines}
        self._log_sending = asyncio.ensure_future(self._send("logs", logs))  # kept: a task without a reference may end

    # -- messages of the master

    async def _listen(self) -> None:
        """Execute the master's messages until it ends this worker."""
        handlers: dict[str, Callable[[Any], Any]] = {
            "ack": self._ack, "spawn": self._spawn, "stop": self._stop, "reconnect": self._reconnect,
        }  # fmt: skip
        while True:
            kind, data, _ = msgpack.loads(await self._socket.recv(), strict_map_key=False)
            self._last_message_s = time.monotonic()
            if kind == "quit":
                await self._drain()
                return
            if kind in handlers:
                await handlers[kind](data)

    async def _ack(self, data: Message | None) -> None:
        """End a run on acknowledgement: the master does not know it, or will start it again."""
        self._cut_short()
        if self._state != "ready":
            self._ended()
        self._index = (data or {}).get("index", 0)
        self._acked.set()

    async def _spawn(self, data: Message) -> None:
        await self._send("spawning", None)
        if data["timestamp"] <= self._last_spawn_s:
            return
        self._last_spawn_s, self._stop_timeout_s = data["timestamp"], data.get("stop_timeout") or 0.0
        self._cut_short()
        host = data["host"] or self._worker.host
        try:
            plan = from_wire(data["parsed_options"])
            if self._state == "running":
                self._worker.edit(plan, host)
            else:
                self._worker.rows.clear()
                self._worker.start(plan, host, self._index)
        except ValueError as error:
            await self._send("exception", {"msg": str(error), "traceback": ""})
        self._users, self._state = data["user_classes_count"], "running"
        await self._send("spawning_complete", self._counted())

    async def _stop(self, _: object) -> None:
        """Start winding down in a task, so that heartbeats and a new start are handled meanwhile."""
        self._cut_short()
        self._stopping = asyncio.create_task(self._wind_down())

    async def _drain(self) -> None:
        """Wait up to the master's `--stop-timeout` for outstanding arrivals, also of a stop that is under way."""
        if self._stopping and not self._stopping.done():
            await self._stopping
        else:
            await self._worker.drain(self._stop_timeout_s)

    async def _wind_down(self) -> None:
        """Wait up to the master's `--stop-timeout` for outstanding arrivals, then end the run and report it."""
        await self._worker.drain(self._stop_timeout_s)
        self._ended()
        await self._report()
        await self._send("client_stopped", None)
        await self._send("client_ready", ANY_VERSION)

    def _cut_short(self) -> None:
        """End a run that is winding down at once."""
        if self._stopping and not self._stopping.done():
            self._stopping.cancel()
            self._ended()
        self._stopping = None

    def _ended(self) -> None:
        self._worker.stop()
        self._users, self._state = dict.fromkeys(self._users, 0), "ready"

    # -- connection

    def _connected(self) -> zmq.asyncio.Socket:
        dealer: zmq.asyncio.Socket = self._context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.IDENTITY, self._id.encode())
        dealer.setsockopt(zmq.TCP_KEEPALIVE, 1)
        dealer.connect(self._address)
        return dealer

    async def _reconnect(self, _: object) -> None:
        self._socket.close(linger=0)
        self._socket = self._connected()

    async def _send(self, kind: str, data: object) -> None:
        await self._socket.send(msgpack.dumps((kind, data, self._id)))

    def _cpu(self) -> float:
        """Return the CPU use in percent of one processor since the last call."""
        used_s, now_s = time.process_time(), time.monotonic()
        percent = 100 * (used_s - self._used_s) / max(1e-3, now_s - self._cpu_measured_s)
        self._used_s, self._cpu_measured_s = used_s, now_s
        return percent


async def drive_under(host: str, port: int, worker: Worker, done: asyncio.Event) -> None:
    """Run as a worker of the master at `host`:`port` until it ends. Raises MasterGone."""
    await Link(host, port, worker, done).run()


def _memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
