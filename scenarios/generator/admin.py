"""HTTP API of a scenario's admin port: apply and revert faults of the load. Every call needs the token."""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus

from . import clock
from .faults import FaultBoard, FaultError

MAX_BODY_BYTES = 64 << 10
Reply = tuple[HTTPStatus, bytes]
"""HTTP status, and a JSON body or none."""


def answer(method: str, path: str, authorization: str, body: bytes, token: str, board: FaultBoard) -> Reply:
    """Handle one call on the admin port; return its status and body."""
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        return _json(HTTPStatus.FORBIDDEN, {"error": "wrong or missing token"})
    if method == "POST" and path == "/faults":
        return _apply(body, board)
    if method == "GET" and path == "/faults":
        now_s = clock.now()
        on = [
            {"id": fault.id, "name": fault.name, "left_s": round(fault.ends_s - now_s, 3), **fault.parameters}
            for fault in board.active()
        ]
        return _json(HTTPStatus.OK, on)
    if method == "DELETE" and path == "/faults":
        board.revert_all()
        return HTTPStatus.NO_CONTENT, b""
    if method == "DELETE" and path.startswith("/faults/"):
        board.revert(path.removeprefix("/faults/"))
        return HTTPStatus.NO_CONTENT, b""
    return _json(HTTPStatus.NOT_FOUND, {"error": f"nothing at {method} {path}: there is only /faults here"})


def _apply(body: bytes, board: FaultBoard) -> Reply:
    try:
        request = json.loads(body)
        if not isinstance(request, dict):
            raise FaultError("the body must be a JSON object")
        return _json(HTTPStatus.CREATED, {"id": board.apply(request).id})
    except (ValueError, FaultError) as error:
        return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})


def _json(status: HTTPStatus, value: object) -> Reply:
    return status, json.dumps(value).encode()
