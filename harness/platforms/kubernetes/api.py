"""Client of the API server for one user: JSON in, JSON out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import MachineError, PlatformError
from harness.http import Answer
from harness.machine.objects import Obj, items, section, text

if TYPE_CHECKING:
    from harness.platforms.kubernetes.connection import Connection, Reply

CALL_S = 10.0
EXTRA = "pip install 'runbook-gameday[kind]'"


class ApiError(PlatformError):
    """The API server refused a request with this HTTP `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def connect(kubeconfig: Path | None, context: str | None) -> Connection:
    """Connect to the API server of a context. Raises MachineError without the extra, or for an unusable kubeconfig."""
    check_extra()
    from harness.platforms.kubernetes.connection import Connection  # noqa: PLC0415  needs the extra

    return Connection(kubeconfig, context)


def check_extra() -> None:
    """Raises MachineError when the extra [kind] is not installed."""
    try:
        import kubernetes  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise MachineError(f"the package {error.name} is not installed; install it: {EXTRA}") from None


class Api:
    """Requests to one API server. Thread-safe. Methods raise ApiError for a refusal, PlatformError without an answer.

    `kubeconfig`: a file; None: the user's own ($KUBECONFIG, ~/.kube/config).
    """

    def __init__(self, kubeconfig: Path | None, context: str | None = None) -> None:
        """Raises MachineError; see `connect`."""
        self._connection = connect(kubeconfig, context)
        self.on_loopback = self._connection.on_loopback

    def get(self, path: str, query: str = "") -> Obj:
        """The object at `path`."""
        return self._json("GET", path, query)

    def list(self, path: str, query: str = "") -> list[Obj]:
        """The objects of the collection at `path`."""
        return items(self.get(path, query), "items")

    def create(self, path: str, body: Obj) -> Obj:
        """Create an object in the collection at `path`."""
        return self._json("POST", path, body=body)

    def replace(self, path: str, body: Obj) -> Obj:
        """Replace the object at `path`."""
        return self._json("PUT", path, body=body)

    def merge(self, path: str, body: Obj) -> Obj:
        """Apply a merge patch (RFC 7386) to the object at `path`: null removes a field."""
        return self._json("PATCH", path, body=body)

    def put(self, path: str, body: Obj) -> None:
        """Create the object at `path`, or replace the one that is there: nothing of it stays, as with a merge."""
        try:
            found = self.get(path)
        except ApiError as error:
            if error.status != 404:
                raise
            self.create(path.rpartition("/")[0], body)
        else:
            version: Obj = {"resourceVersion": text(found, "metadata", "resourceVersion")}
            self.replace(path, {**body, "metadata": {**section(body, "metadata"), **version}})

    def delete(self, path: str, *, propagation: str = "Background") -> None:
        """Delete the object at `path`. Idempotent."""
        try:
            self._json("DELETE", path, body={"propagationPolicy": propagation})
        except ApiError as error:
            if error.status != 404:
                raise

    def answer(self, path: str, timeout_s: float) -> Answer:
        """The answer of a pod or Service that the API server proxies at `path`; never raises."""
        try:
            reply = self._connection.send("GET", path, "", None, timeout_s)
            return Answer(reply.status, reply.text())
        except PlatformError as error:
            return Answer(0, "", f"{type(error).__name__}: {error}")

    def stream(self, path: str, query: str) -> Reply:
        """Open a stream (watch, log) at `path`. Raises PlatformError."""
        reply = self._connection.send("GET", path, query, None, None)
        _check(reply, path)
        return reply

    def close(self) -> None:
        """Close all connections."""
        self._connection.close()

    def _json(self, method: str, path: str, query: str = "", body: Obj | None = None) -> Obj:
        reply = self._connection.send(method, path, query, body, CALL_S)
        _check(reply, path)
        content = reply.text()
        try:
            parsed: Obj = json.loads(content)
        except ValueError as error:
            raise self._connection.unreachable(error) from None
        return parsed


def _check(reply: Reply, path: str) -> None:
    if reply.status >= 400:
        reason = reply.text()
        with suppress(ValueError):
            reason = text(json.loads(reason), "message") or reason
        raise ApiError(reply.status, f"the API server refused {path}: {reason.strip()} ({reply.status})")


class Watch:
    """A thread that reports every object of one kind: first the existing ones, then each change, until `stop`."""

    def __init__(self, api: Api, path: str, on_event: Callable[[str, Obj], None]) -> None:
        """`on_event` is called with RESET and an empty object, then with ADDED and each existing object, then with
        ADDED, MODIFIED or DELETED for each change. After a broken connection it starts again with RESET."""
        self._api, self._path, self._on_event = api, path, on_event
        self._stopping = threading.Event()
        self._stream: Reply | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"watch {path.rpartition('/')[2]}")

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Idempotent."""
        self._stopping.set()
        if self._stream:
            self._stream.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(PlatformError):
                self._once()
            self._stopping.wait(0.2)  # reached when the connection broke or the server ended it

    def _once(self) -> None:
        existing = self._api.get(self._path)
        self._on_event("RESET", {})
        for one in items(existing, "items"):
            self._on_event("ADDED", one)
        version = text(existing, "metadata", "resourceVersion")
        self._stream = self._api.stream(self._path, f"watch=true&resourceVersion={version}")
        if self._stopping.is_set():
            self._stream.stop()
        for line in self._stream.lines():
            event: Obj = json.loads(line)
            if text(event, "type") == "ERROR":
                return
            self._on_event(text(event, "type"), section(event, "object"))
