"""The API server as one user sees it: the official client's connections and credentials, plain JSON in and out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import urllib3
from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.client.rest import RESTResponse
from kubernetes.config import ConfigException, load_kube_config

from harness.errors import MachineError, PlatformError
from harness.http import Answer
from harness.platforms.control_plane.api import Obj
from harness.platforms.control_plane.objects import items, section, text

CALL_S = 10.0
CONNECTIONS = 32
BROKEN = (urllib3.exceptions.HTTPError, OSError)
"""What a call ends with when there is no API server any more."""
MERGE = "application/merge-patch+json"


class ApiError(PlatformError):
    """The API server's refusal."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Api:
    """Thread-safe. `kubeconfig`: a file; None is the user's own ($KUBECONFIG, ~/.kube/config)."""

    def __init__(self, kubeconfig: Path | None, context: str | None = None) -> None:
        """Raises MachineError for a kubeconfig that cannot be used."""
        settings = Configuration()
        try:
            where = str(kubeconfig) if kubeconfig else None
            load_kube_config(where, context, settings, persist_config=False)
        except (ConfigException, OSError) as error:
            place = kubeconfig or "$KUBECONFIG, ~/.kube/config"
            raise MachineError(f"{place}: cannot be used: {error}; `kubectl config get-contexts` shows them") from None
        settings.retries = False
        settings.connection_pool_maxsize = CONNECTIONS
        settings.proxy = None if _on_loopback(settings.host) else settings.proxy
        self.server: str = settings.host
        self.on_loopback = _on_loopback(settings.host)
        self._client = ApiClient(settings)

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
            response = self._send("GET", path, timeout_s=timeout_s)
            return Answer(response.status, _body(response))
        except (*BROKEN, PlatformError) as error:
            return Answer(0, "", f"{type(error).__name__}: {error}")

    def stream(self, path: str, query: str) -> Stream:
        """An answer that is read while it comes; raises PlatformError."""
        response = self._send("GET", path, query, timeout_s=None)
        _check(response, path)
        return Stream(response)

    def close(self) -> None:
        self._client.close()

    def _json(self, method: str, path: str, query: str = "", body: Obj | None = None) -> Obj:
        response = self._send(method, path, query, body)
        try:
            _check(response, path)
            parsed: Obj = json.loads(_body(response))
        except (*BROKEN, ValueError) as error:
            raise self._gone(error) from None
        return parsed

    def _send(
        self, method: str, path: str, query: str = "", body: Obj | None = None, timeout_s: float | None = CALL_S
    ) -> RESTResponse:
        kind = MERGE if method == "PATCH" else "application/json"
        method, url, headers, content, form = self._client.param_serialize(
            method, path, header_params={"Accept": "application/json", "Content-Type": kind}, body=body,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        try:
            return self._client.call_api(method, f"{url}?{query}", headers, content, form, _request_timeout=timeout_s)
        except (*BROKEN, ApiException) as error:
            raise self._gone(error) from None

    def _gone(self, error: Exception) -> PlatformError:
        why = " ".join(str(error).split())
        hint = "is the cluster still there? `gameday recover` ends what a run left"
        return PlatformError(f"the API server {self.server} does not answer: {why}; {hint}")


def _body(response: RESTResponse) -> str:
    content: bytes = response.response.data
    return content.decode(errors="replace")


def _on_loopback(server: str) -> bool:
    return server.rpartition("//")[2].startswith(("127.", "localhost", "[::1]"))


def _check(response: RESTResponse, path: str) -> None:
    if response.status >= 400:
        said = _body(response)
        with suppress(ValueError):
            said = text(json.loads(said), "message") or said
        raise ApiError(response.status, f"the API server refused {path}: {said.strip()} ({response.status})")


class Stream:
    """An answer without an end of its own; `stop` ends it, from any thread, and can be called twice."""

    def __init__(self, response: RESTResponse) -> None:
        self._response = response
        self._stopped = False

    def chunks(self) -> Iterator[bytes]:
        """Ends when the other side does or after `stop`; raises PlatformError when it is cut off."""
        try:
            yield from self._response.response.stream(65536, decode_content=False)
        except BROKEN as error:
            if not self._stopped:
                raise PlatformError(f"the API server's stream was cut off: {error}") from None
        finally:
            self._response.response.close()

    def lines(self) -> Iterator[bytes]:
        held = b""
        for chunk in self.chunks():
            *whole, held = (held + chunk).split(b"\n")
            yield from whole

    def stop(self) -> None:
        self._stopped = True
        with suppress(Exception):  # it may have ended meanwhile
            self._response.response.shutdown()


class Watch:
    """A thread that tells of every object of one kind, first those that are there, then each change, until `stop`."""

    def __init__(self, api: Api, path: str, seen: Callable[[str, Obj], None]) -> None:
        """`seen` gets RESET and an empty object, then ADDED for each that is there, then ADDED, MODIFIED or DELETED as
        it comes. After a broken connection it begins again."""
        self._api, self._path, self._seen = api, path, seen
        self._stopping = threading.Event()
        self._stream: Stream | None = None
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
