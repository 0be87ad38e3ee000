"""The admin listener of a scenario: faults on and off over HTTP, on 127.0.0.1 only, for those who know the token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from http import HTTPStatus

from gevent.pywsgi import WSGIServer

from . import clock
from .faults import Board, FaultError

MAX_BODY_BYTES = 64 << 10
Environ = dict[str, object]
Reply = tuple[HTTPStatus, object]


def serve(port: int, token: str, board: Board) -> str:
    """Listens on 127.0.0.1:`port` (0: any free one) and returns the base URL. Raises OSError."""
    server = WSGIServer(("127.0.0.1", port), _application(token, board), log=None)
    server.start()
    return f"http://127.0.0.1:{server.server_port}"


def _application(token: str, board: Board) -> Callable[[Environ, Callable[..., object]], Iterable[bytes]]:
    expected = f"Bearer {token}".encode()

    def application(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode()
        if hmac.compare_digest(given, expected):
            status, answer = _route(environ, board)
        else:
            status, answer = HTTPStatus.FORBIDDEN, {"error": "wrong or missing token"}
        body = b"" if answer is None else json.dumps(answer).encode()
        headers = [("Content-Type", "application/json")] if body else []
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return application


def _route(environ: Environ, board: Board) -> Reply:
    method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
    if method == "POST" and path == "/faults":
        return _inject(environ, board)
    if method == "GET" and path == "/faults":
        now_s = clock.now()
        return HTTPStatus.OK, [
            {"id": fault.id, "name": fault.name, "left_s": round(fault.ends_s - now_s, 3), **fault.parameters}
            for fault in board.on()
        ]
    if method == "DELETE" and path == "/faults":
        board.undo_all()
        return HTTPStatus.NO_CONTENT, None
    if method == "DELETE" and path.startswith("/faults/"):
        board.undo(path.removeprefix("/faults/"))
        return HTTPStatus.NO_CONTENT, None
    return HTTPStatus.NOT_FOUND, {"error": f"nothing at {method} {path}: there is only /faults here"}


def _inject(environ: Environ, board: Board) -> Reply:
    try:
        body = json.loads(environ["wsgi.input"].read(MAX_BODY_BYTES))  # type: ignore[attr-defined]
        if not isinstance(body, dict):
            raise FaultError("the body must be a JSON object")
        return HTTPStatus.CREATED, {"id": board.inject(body.pop("name", None), body).id}
    except (ValueError, FaultError) as error:
        return HTTPStatus.BAD_REQUEST, {"error": str(error)}
