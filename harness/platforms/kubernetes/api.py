"""The API server as one user sees it: plain JSON in and out."""

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
    """The API server's refusal."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def connect(kubeconfig: Path | None, context: str | None) -> Connection:
    """Raises MachineError where the extra is not installed, or the kubeconfig cannot be used."""
    check_extra()
    from harness.platforms.kubernetes.connection import Connection  # noqa: PLC0415  needs the extra

    return Connection(kubeconfig, context)


def check_extra() -> None:
    """Raises MachineError where it is not installed."""
    try:
        import kubernetes  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise MachineError(f"the package {error.name} is not installed: {EXTRA}") from None


class Api:
    """Thread-safe. `kubeconfig`: a file; None is the user's own ($KUBECONFIG, ~/.kube/config)."""

    def __init__(self, kubeconfig: Path | None, context: str | None = None) -> None:
        """Raises MachineError; see `connect`."""
        self._connection = connect(kubeconfig, context)
        self.on_loopback = self._connection.on_loopback

    def get(self, path: str, query: str = "") -> Obj:
        return self._json("GET", path, query)

    def list(self, path: str, query: str = "") -> list[Obj]:
        return items(self.get(path, query), "items")

    def create(self, path: str, body: Obj) -> Obj:
        return self._json("POST", path, body=body)

    def replace(self, path: str, body: Obj) -> Obj:
        return self._json("PUT", path, body=body)

    def merge(self, path: str, body: Obj) -> Obj:
        """A merge patch: only what is in `body` changes, null takes away."""
        return self._json("PATCH", path, body=body)

    def delete(self, path: str, *, propagation: str = "Background") -> None:
        """May be called twice: what is gone is gone."""
        try:
            self._json("DELETE", path, body={"propagationPolicy": propagation})
        except ApiError as error:
            if error.status != 404:
                raise

    def answer(self, path: str, timeout_s: float) -> Answer:
        """What somebody behind the API server (a pod, a Service) answers; never raises."""
        try:
            reply = self._connection.send("GET", path, "", None, timeout_s)
            return Answer(reply.status, reply.text())
        except PlatformError as error:
            return Answer(0, "", f"{type(error).__name__}: {error}")

    def stream(self, path: str, query: str) -> Reply:
        """An answer that is read while it comes; raises PlatformError."""
        reply = self._connection.send("GET", path, query, None, None)
        _check(reply, path)
        return reply

    def close(self) -> None:
        self._connection.close()

    def _json(self, method: str, path: str, query: str = "", body: Obj | None = None) -> Obj:
        reply = self._connection.send(method, path, query, body, CALL_S)
        _check(reply, path)
        said = reply.text()
        try:
            parsed: Obj = json.loads(said)
        except ValueError as error:
            raise self._connection.gone(error) from None
        return parsed


def _check(reply: Reply, path: str) -> None:
    if reply.status >= 400:
        said = reply.text()
        with suppress(ValueError):
            said = text(json.loads(said), "message") or said
        raise ApiError(reply.status, f"the API server refused {path}: {said.strip()} ({reply.status})")


class Watch:
    """A thread that tells of every object of one kind, first those that are there, then each change, until `stop`."""

    def __init__(self, api: Api, path: str, seen: Callable[[str, Obj], None]) -> None:
        """`seen` gets RESET and an empty object, then ADDED for each that is there, then ADDED, MODIFIED or DELETED as
        it comes. After a broken connection it begins again."""
        self._api, self._path, self._seen = api, path, seen
        self._stopping = threading.Event()
        self._stream: Reply | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"watch {path.rpartition('/')[2]}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """May be called twice."""
        self._stopping.set()
        if self._stream:
            self._stream.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(PlatformError):
                self._once()
            self._stopping.wait(0.2)  # only where the connection broke or the server ended it

    def _once(self) -> None:
        there = self._api.get(self._path)
        self._seen("RESET", {})
        for one in items(there, "items"):
            self._seen("ADDED", one)
        version = text(there, "metadata", "resourceVersion")
        self._stream = self._api.stream(self._path, f"watch=true&resourceVersion={version}")
        if self._stopping.is_set():
            self._stream.stop()
        for line in self._stream.lines():
            event: Obj = json.loads(line)
            if text(event, "type") == "ERROR":
                return
            self._seen(text(event, "type"), section(event, "object"))
