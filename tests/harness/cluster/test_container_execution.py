"""Commands in containers, run through docker's client and a small engine on a unix socket."""

from __future__ import annotations

import asyncio
import json
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("docker", reason="the extra is not installed: pip install -e '.[docker]'")

import docker

from harness.cluster.runtimes.container.execution import start

UPGRADE = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\n\r\n"
)


def framed(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(data)) + data


class Engine(socketserver.ThreadingUnixStreamServer):
    """Answers as a Docker engine that runs one command, whose output and exit status it is given."""

    daemon_threads = True

    def __init__(self, path: Path, output: list[bytes], status: int) -> None:
        self.output, self.status = output, status
        super().__init__(str(path), _Connection)


class _Connection(socketserver.StreamRequestHandler):
    server: Engine

    def handle(self) -> None:
        while words := self.rfile.readline().split():
            length = 0
            while (line := self.rfile.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.rfile.read(length)
            path = words[1].decode()
            if path.endswith("/start"):
                first, *rest = self.server.output
                self.request.sendall(UPGRADE + first)
                for each in rest:
                    self.request.sendall(each)
                return
            self._answer({"Id": "e1"} if path.endswith("/exec") else {"Pid": 7, "ExitCode": self.server.status})

    def _answer(self, found: object) -> None:
        body = json.dumps(found).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.request.sendall(head.encode() + body)


@pytest.fixture
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    with Engine(path, *request.param) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


async def run(path: Path, *, tty: bool = False) -> tuple[bytes, bytes, int]:
    """The output of the command, and its exit status."""
    api = docker.APIClient(base_url=f"unix://{path}", version="1.44")
    try:
        command = await start(api, "web", ["printenv"], stdin=None, tty=tty)
        out, errors = [b"".join([part async for part in each]) for each in (command.stdout, command.stderr)]
        return out, errors, await command.wait()
    finally:
        api.close()


AT_ONCE = [framed(1, b"one\n") + framed(2, b"two\n") + framed(1, b"three\n")]
IN_PARTS = [framed(1, b"one\n")[:5], framed(1, b"one\n")[5:] + framed(2, b"two\n"), framed(1, b"three\n")]


@pytest.mark.parametrize(
    "engine", [(AT_ONCE, 3), (IN_PARTS, 3)], indirect=True, ids=["with the head of the answer", "in parts"]
)
def test_all_output_is_read_also_what_comes_with_the_head_of_the_answer(engine: Path) -> None:
    assert asyncio.run(run(engine)) == (b"one\nthree\n", b"two\n", 3)


@pytest.mark.parametrize("engine", [([b"one\r\n"], 0)], indirect=True)
def test_output_of_a_terminal_has_no_frames(engine: Path) -> None:
    assert asyncio.run(run(engine, tty=True)) == (b"one\r\n", b"", 0)
