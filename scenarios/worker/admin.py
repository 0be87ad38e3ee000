"""Admin listener of the fast worker, on 127.0.0.1 only."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from scenarios.generator.admin import MAX_BODY_BYTES, Reply, answer
from scenarios.generator.faults import FaultBoard

HEAD_END = b"\r\n\r\n"


async def serve(port: int, token: str, board: FaultBoard) -> str:
    """Listen on 127.0.0.1:`port` (0: any free one) and return the base URL. Raises OSError when it cannot bind."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = await _answer(reader, token, board)
            writer.write(_encode(status, body))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client disconnected, or did not send HTTP
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _answer(reader: asyncio.StreamReader, token: str, board: FaultBoard) -> Reply:
    first, *lines = (await reader.readuntil(HEAD_END)).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    request_line = first.split(" ")
    if len(request_line) != 3 or not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return HTTPStatus.BAD_REQUEST, b""
    body = await reader.readexactly(int(length))
    return answer(request_line[0], request_line[1], headers.get("authorization", ""), body, token, board)


def _encode(status: HTTPStatus, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
