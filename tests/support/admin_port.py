"""Admin ports in threads of the test, with the generator's own fault board, and a platform whose pods have them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from harness.machine.platform_state import AdminPort
from scenarios.generator.admin import answer
from scenarios.generator.faults import FaultBoard

TOKEN = "a token of the test"


class AdminProcess:
    """A process that can have the fault `surge`, of the given scope; it listens until `close`."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.board = FaultBoard(("surge",))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def restart(self) -> None:
        """Start a new process on the same port, as the restart of a container does."""
        self.board = FaultBoard(("surge",))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        process = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                authorization = self.headers.get("Authorization", "")
                status, text = answer(self.command, self.path, authorization, body, TOKEN, process.board)
                if status == HTTPStatus.CREATED:
                    text = json.dumps({**json.loads(text), "scope": process.scope}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = _any

            def log_message(self, *_: object) -> None:
                """No request log."""

        return Handler


@dataclass
class AdminPlatform:
    """The pods of one Deployment, by name."""

    scope: str = "process"
    """The scope of the pods' fault."""
    pods: dict[str, AdminProcess] = field(default_factory=dict)

    def start(self, pod: str) -> AdminProcess:
        self.pods[pod] = AdminProcess(self.scope)
        return self.pods[pod]

    def end(self, pod: str) -> None:
        self.pods.pop(pod).close()

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        return [AdminPort(name, process.url, TOKEN) for name, process in tuple(self.pods.items())]

    def close(self) -> None:
        for pod in tuple(self.pods):
            self.end(pod)


@dataclass
class AdminLoad:
    """A load with one admin port."""

    process: AdminProcess

    def admin(self) -> AdminPort:
        return AdminPort("load", self.process.url, TOKEN)
