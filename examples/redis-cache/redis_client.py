"""A client of Redis: as much of its protocol (redis.io/docs/latest/develop/reference/protocol-spec) as needed here."""

from __future__ import annotations

import asyncio

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RedisError(Exception):
    """Redis refused a command, or did not answer in time."""


class Redis:
    """Sends commands to one server, each on a connection of its own, which is used again."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._host, self._port, self._timeout_s = host, port, timeout_s
        self._idle: list[Connection] = []

    async def command(self, *words: str) -> str | None:
        """Send one command; return the answer, None for no value. Raises RedisError and OSError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
                answer = await _ask(connection, words)
        except TimeoutError:
            raise RedisError("no answer in time") from None
        except EOFError:
            raise RedisError("the connection was closed") from None
        self._idle.append(connection)
        if answer is not None and answer.startswith("-"):
            raise RedisError(answer[1:])
        return answer

    def close(self) -> None:
        """Close all connections."""
        for _, writer in self._idle:
            writer.close()


async def _ask(connection: Connection, words: tuple[str, ...]) -> str | None:
    reader, writer = connection
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    writer.write(f"*{len(parts)}\r\n{''.join(parts)}".encode())
    line = (await reader.readuntil(b"\r\n")).decode().rstrip()
    if not line.startswith("$"):
        return line
    size = int(line[1:])
    return None if size < 0 else (await reader.readexactly(size + 2)).decode().removesuffix("\r\n")
