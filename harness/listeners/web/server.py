"""Serves the page from a thread of its own, so that it delays neither the drill nor the record."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import uvicorn

from harness.errors import MachineError
from harness.listeners.web.controls import Controls
from harness.listeners.web.feed import Stage
from harness.listeners.web.guard import Access
from harness.listeners.web.routes import page_app

END_S = 3.0


def listen(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens; `port` 0: any free one. Raises MachineError, which names `option`, that sets the port."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise MachineError(
            f"--host {host}: this name has no address ({error.strerror}); name one of this machine"
        ) from None
    bound = socket.socket(family, kind)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen()
    except (OSError, OverflowError) as error:
        bound.close()
        fix = f"name another one with {option}, or an address of this machine with --host"
        raise MachineError(f"{host}:{port}: the page cannot listen here ({error}); {fix}") from None
    return bound


class PageServer:
    """Serves the feed on `stage` from the start until `close`."""

    def __init__(self, bound: socket.socket, stage: Stage, controls: Callable[[], Controls], access: Access) -> None:
        self._bound, self._stage = bound, stage
        config = uvicorn.Config(
            page_app(stage, controls, access), http="httptools", ws="none", lifespan="off", log_config=None,
            log_level="critical", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        run = lambda: self._server.run(sockets=[bound])  # noqa: E731
        self._thread = threading.Thread(target=run, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every stream after its last message, then the server. Idempotent."""
        self._stage.feed.close()
        self._server.should_exit = True
        self._thread.join(END_S)
        self._bound.close()
