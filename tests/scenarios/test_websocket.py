"""Websocket messages of every form: text and binary, whole and in fragments, up to the limit; unreadable ones count."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.scenarios.test_wire import ECHO, declared
from tests.support.scenarios import RealtimeServer, running
from tests.support.waiting import wait_until

engines = pytest.mark.parametrize("engine", ["worker", pytest.param("locust", marks=pytest.mark.slow)])

HEARD = """
import time
from scenarios import in_locust
from scenarios.generator.declare import MessageFacts, UnknownMessage, WebSocketScenario


class Heard(WebSocketScenario):
    name, series, rate_per_s = "heard", ("connects", "messages"), 3
    hold_mean_s = float("inf")
    max_message_bytes = LIMIT

    def read(self, message, state):
        if message != EXPECTED:
            raise UnknownMessage("another message")
        return MessageFacts(time.time(), message[:1])


HeardUser = in_locust(Heard)
"""


def heard(folder: Path, expected: str | bytes, limit_bytes: int = 1 << 20) -> str:
    """Return a scenario that expects one message again and again; each client answers with its first character."""
    return declared(folder, HEARD.replace("LIMIT", str(limit_bytes)).replace("EXPECTED", repr(expected)))


class Sender(RealtimeServer):
    """Sends one message to each client again and again, in the given fragments; `raw` are bytes below the protocol."""

    def __init__(self, fragments: Sequence[bytes], text: bool = True, raw: bytes = b"") -> None:
        super().__init__(interval_s=0.02)
        self.fragments, self.text, self.raw = fragments, text, raw
        self.replies: set[str | bytes] = set()

    async def _client(self, connection: ServerConnection) -> None:
        try:
            while True:
                await self._send(connection)
                self.sent += 1
                self.replies.add(await connection.recv())
                await asyncio.sleep(self.interval_s)
        except ConnectionClosed:
            pass  # the client disconnected

    async def _send(self, connection: ServerConnection) -> None:
        if self.raw:
            connection.transport.write(self.raw)
        elif len(self.fragments) == 1:
            await connection.send(self.fragments[0], text=self.text)
        else:
            await connection.send(self.fragments, text=self.text)


@engines
@pytest.mark.parametrize(
    ("fragments", "expected", "reply"),
    [
        ([b"frag", b"mented ", b"text"], "fragmented text", "f"),
        ([b"caf\xc3", b"\xa9"], "café", "c"),
        ([b"\x00\xff"], b"\x00\xff", b"\x00"),
        ([b"\x01", b"\xff\xfe", b""], b"\x01\xff\xfe", b"\x01"),
        ([b"x" * 200_000], "x" * 200_000, "x"),
    ],
    ids=["fragments", "inside-a-letter", "binary", "binary-fragments", "large"],
)
def test_messages_of_every_form_are_read_and_answered(
    tmp_path: Path, engine: str, fragments: list[bytes], expected: str | bytes, reply: str | bytes
) -> None:
    with Sender(fragments, text=isinstance(expected, str)) as server, running(
        heard(tmp_path, expected), server.url, tmp_path, engine=engine
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("messages", key="ok") > 20, "messages")
        assert load.finish() == 0
        assert not load.total("messages", key="bad")
        assert load.total("connects") == 3
        assert server.replies == {reply}


RESERVED = b"\x83\x00"
"""A frame with an opcode that the protocol does not have."""


@engines
@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (lambda: Sender([b"caf\xc3("]), "error"),
        (lambda: Sender([b"caf\xc3", b"("]), "error"),
        (lambda: Sender([], raw=RESERVED), "error"),
        (lambda: Sender([b"x" * 1001]), "too_big"),
        (lambda: Sender([b"x" * 500, b"x" * 501]), "too_big"),
    ],
    ids=["not-utf-8", "not-utf-8-in-fragments", "reserved-opcode", "too-big", "too-big-in-fragments"],
)
def test_messages_that_cannot_be_read_are_bad_and_the_load_goes_on(
    tmp_path: Path, engine: str, server: type[Sender], kind: str
) -> None:
    with server() as sender, running(
        heard(tmp_path, "x" * 1000, 1000), sender.url, tmp_path, engine=engine
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("messages", key="bad")[kind] >= 6, "bad messages of clients that reconnect")
        sender.raw, sender.fragments = b"", [b"x" * 1000]
        wait_until(lambda: load.total("messages", key="ok") > 20, "messages that are exactly as large as the limit")
        assert load.finish() == 0
        assert load.total("messages", key="bad") == {kind: load.total("messages", key="bad")[kind]}
        assert load.total("connects", key="bad").keys() <= {"unfinished"}, "a client may reconnect at the end"


@engines
def test_binary_messages_of_clients_are_echoed(tmp_path: Path, engine: str) -> None:
    text = ECHO.replace(
        "EchoUser", "    def message(self, number):\n        return b'\\xff%d' % number\n\n\nEchoUser", 1
    )
    with RealtimeServer(interval_s=1, echo=True) as server, running(
        declared(tmp_path, text), server.url, tmp_path, engine=engine
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("messages", key="ok") > 50, "echoes")
        assert load.finish() == 0
        assert set(load.total("messages", key="bad")) <= {"unfinished"}


@engines
def test_echo_that_cannot_be_read_is_one_bad_message(tmp_path: Path, engine: str) -> None:
    text = ECHO.replace("message_every_s = 1.0, 0.2", "message_every_s = float('inf'), 0.2\n    max_message_bytes = 9")
    with RealtimeServer(interval_s=1, echo=True) as server, running(
        declared(tmp_path, text), server.url, tmp_path, engine=engine, rate=3
    ) as load:  # fmt: skip
        wait_until(lambda: load.total("messages", key="bad")["too_big"] > 5, "echoes that are too big")
        assert load.finish() == 0
        assert load.total("messages", key="ok") == 0
        assert load.total("messages", key="bad")["too_big"] <= server.acked
