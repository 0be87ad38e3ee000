"""A small HTTP API server for tests, which stores objects by path."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Store(ThreadingHTTPServer):
    """The stored `objects` by path and the received `calls`, `METHOD path`.

    A watch sends the events given to `send_event`, and ends after `end_watch`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.allowed: Callable[[dict[str, str]], bool] = lambda wanted: True
        """Answers a SelfSubjectAccessReview for these attributes of a resource."""
        self.tokens = True
        """Whether there are ServiceAccounts, of which tokens can be created."""
        self.refused: set[str] = set()
        """Paths at which nothing may be replaced."""
        self.logs: list[tuple[bytes, bool]] = []
        """Answers to the next requests for a log: the text, and whether the stream ends properly."""
        self.version = 0
        self._changes = threading.Condition()
        self._events: list[dict[str, Any] | None] = []

    def keep(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        kept = {**body, "metadata": {**body.get("metadata", {}), "resourceVersion": str(self.version)}}
        self.objects[path] = kept
        return kept

    def send_event(self, kind: str, body: dict[str, Any]) -> None:
        with self._changes:
            self._events.append({"type": kind, "object": body})
            self._changes.notify_all()

    def end_watch(self) -> None:
        with self._changes:
            self._events.append(None)
            self._changes.notify_all()

    def next_event(self) -> dict[str, Any] | None:
        with self._changes:
            self._changes.wait_for(lambda: self._events)
            return self._events.pop(0)


class _Handler(BaseHTTPRequestHandler):
    server: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _refuse(self, status: int, message: str) -> None:
        self._answer(status, {"kind": "Status", "code": status, "message": message})

    def _body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        return found

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        self.server.calls.append(f"GET {path}")
        if "watch=true" in query:
            self._watch()
        elif path.endswith("/log"):
            self._log()
        elif path in self.server.objects:
            self._answer(200, self.server.objects[path])
        elif path.endswith("s"):
            found = [one for place, one in self.server.objects.items() if place.startswith(f"{path}/")]
            self._answer(200, {"metadata": {"resourceVersion": str(self.server.version)}, "items": found})
        else:
            self._refuse(404, f"{path} not found")

    def _watch(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while (event := self.server.next_event()) is not None:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def _log(self) -> None:
        text, whole = self.server.logs.pop(0)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        self.wfile.write(b"0\r\n\r\n" if whole else b"")
        self.close_connection = True

    def do_POST(self) -> None:
        body = self._body()
        if self.path.rstrip("?").endswith("/selfsubjectaccessreviews"):
            self.server.calls.append(f"POST {self.path.rstrip('?')}")
            allowed = self.server.allowed(body["spec"]["resourceAttributes"])
            self._answer(201, {"status": {"allowed": allowed}})
            return
        if self.path.rstrip("?").endswith("/token"):
            if self.server.tokens:
                self._answer(201, {"status": {"token": "t"}})
            else:
                self._refuse(404, "serviceaccounts not found")
            return
        path = f"{self.path.rstrip('?')}/{body['metadata']['name']}"
        self.server.calls.append(f"POST {path}")
        if path in self.server.objects:
            self._refuse(409, "already exists")
        else:
            self._answer(201, self.server.keep(path, body))

    def do_PUT(self) -> None:
        path, body = self.path.rstrip("?"), self._body()
        self.server.calls.append(f"PUT {path}")
        if path in self.server.refused:
            self._refuse(403, f"{path} is forbidden")
            return
        if path not in self.server.objects:
            self._refuse(404, f"{path} not found")
            return
        current = self.server.objects[path]["metadata"]["resourceVersion"]
        if body["metadata"].get("resourceVersion") not in (None, current):
            self._refuse(409, "the object has been modified")
        else:
            self._answer(200, self.server.keep(path, body))

    def do_PATCH(self) -> None:
        path, body = self.path.rstrip("?"), self._body()
        self.server.calls.append(f"PATCH {path}")
        if path not in self.server.objects:
            self._refuse(404, f"{path} not found")
            return
        merged = dict(self.server.objects[path])
        for key, value in body.items():
            fresh = {**merged.get(key, {}), **value}
            merged[key] = {name: item for name, item in fresh.items() if item is not None}
        self._answer(200, self.server.keep(path, merged))

    def do_DELETE(self) -> None:
        path = self.path.rstrip("?")
        self._body()
        self.server.calls.append(f"DELETE {path}")
        if self.server.objects.pop(path, None) is None:
            self._refuse(404, f"{path} not found")
        else:
            self._answer(200, {"kind": "Status", "status": "Success"})


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Store, Path]]:
    """A running server, and a kubeconfig for it."""
    store = Store()
    threading.Thread(target=store.serve_forever, args=(0.02,), daemon=True).start()
    kubeconfig = folder / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{store.server_port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "there", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "there",
    }
    kubeconfig.write_text(json.dumps(config), encoding="utf-8")
    try:
        yield store, kubeconfig
    finally:
        store.end_watch()
        store.shutdown()
        store.server_close()
