"""Admin listener of a scenario in locust, on gevent and on 127.0.0.1 only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import IO, cast

from gevent.pywsgi import WSGIServer

from scenarios.generator.admin import MAX_BODY_BYTES, answer
from scenarios.generator.faults import FaultBoard

Environ = dict[str, object]


def serve(port: int, token: str, board: FaultBoard) -> str:
    """Listen on 127.0.0.1:`port` (0: any free one) and return the base URL. Raises OSError when it cannot bind."""

    def application(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", ""))
        sent = cast(IO[bytes], environ["wsgi.input"]).read(MAX_BODY_BYTES)
        status, body = answer(str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"]), given, sent, token, board)
        headers = [("Content-Type", "application/json")] if body else []
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    server = WSGIServer(("127.0.0.1", port), application, log=None)
    server.start()
    return f"http://127.0.0.1:{server.server_port}"
