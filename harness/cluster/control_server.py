"""Control server of a platform: a unix socket that takes one request per connection, a line of JSON.

The answer is a line of JSON; that of kubectl is a stream of frames (kubectl_shim.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TypeAlias

from harness.cluster.api import Cluster
from harness.machine.objects import Json, Obj

log = logging.getLogger(__name__)
LIMIT = 1 << 20
Write: TypeAlias = Callable[[int, bytes], Awaitable[None]]
Run: TypeAlias = Callable[[Sequence[str], Cluster, Write, bytes | None, bool], Awaitable[int]]


class ControlServer:
    """Serves kubectl on `cluster`; `answer` returns the answer of every other operation."""

    def __init__(self, cluster: Cluster, answer: Callable[[Obj], Coroutine[None, None, Json]]) -> None:
        self._cluster, self._answer = cluster, answer
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path) -> None:
        """Create the socket, accessible to the owner only."""
        self._server = await asyncio.start_unix_server(self._serve, path, limit=LIMIT)
        path.chmod(0o600)

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            if request["op"] == "kubectl":
                await self._kubectl(request, reader, writer)
            else:
                writer.write(json.dumps(await self._answer(request)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            log.debug("client disconnected")
        except Exception:
            log.exception("request failed")
        finally:
            writer.close()

    async def _kubectl(self, request: Obj, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Run kubectl until it ends or the client disconnects."""
        size = request["stdin"]
        stdin = await reader.readexactly(size) if isinstance(size, int) else None
        running = asyncio.create_task(self._run(request, stdin, writer))
        disconnected = asyncio.create_task(reader.read(1))
        await asyncio.wait((running, disconnected), return_when=asyncio.FIRST_COMPLETED)
        for task in (running, disconnected):
            task.cancel()
        await asyncio.wait((running, disconnected))

    async def _run(self, request: Obj, stdin: bytes | None, writer: asyncio.StreamWriter) -> None:
        argv = request["argv"]
        assert isinstance(argv, list)

        async def write(kind: int, data: bytes) -> None:
            writer.write(bytes([kind]) + len(data).to_bytes(4, "big") + data)
            await writer.drain()

        try:
            status = await _kubectl()([str(each) for each in argv], self._cluster, write, stdin, bool(request["tty"]))
        except ConnectionError:
            return
        except Exception as error:
            log.exception("kubectl %s", argv)
            await write(2, f"error: the platform failed: {type(error).__name__}: {error}\n".encode())
            status = 1
        await write(0, str(status).encode())


def _kubectl() -> Run:
    """The entry point of kubectl, imported on first use so that the platform starts sooner."""
    from harness.cluster.kubectl import run  # noqa: PLC0415

    return run
