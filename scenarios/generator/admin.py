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
    one = path.removeprefix("/faults/") if path.startswith("/faults/") else None
    match method:
        case "POST" if path == "/faults":
            return _apply(body, board)
        case "GET" if path == "/faults":
            return _json(HTTPStatus.OK, _active(board))
        case "GET" if one:
            return _state(one, board)
        case "DELETE" if path == "/faults" or one:
            return _revert(one, board)
    return _json(HTTPStatus.NOT_FOUND, {"error": f"nothing at {method} {path}: there is only /faults here"})


def _active(board: FaultBoard) -> list[dict[str, object]]:
    now_s = clock.now()
    return [
        {"id": fault.id, "name": fault.name, "left_s": round(fault.ends_s - now_s, 3), **fault.parameters}
        for fault in board.active()
    ]


def _revert(fault_id: str | None, board: FaultBoard) -> Reply:
    """Revert one fault, or all of them."""
    if fault_id is None:
        board.revert_all()
    else:
        board.revert(fault_id)
    return HTTPStatus.NO_CONTENT, b""


def _apply(body: bytes, board: FaultBoard) -> Reply:
    try:
        request = json.loads(body)
        if not isinstance(request, dict):
            raise FaultError("the body must be a JSON object")
        return _json(HTTPStatus.CREATED, {"id": board.apply(request)})
    except (ValueError, FaultError) as error:
        return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})


def _state(fault_id: str, board: FaultBoard) -> Reply:
    state = board.state(fault_id)
    if state is None:
        return _json(HTTPStatus.NOT_FOUND, {"error": "this process never had that fault"})
    return _json(HTTPStatus.OK, state)


def _json(status: HTTPStatus, value: object) -> Reply:
    return status, json.dumps(value).encode()
