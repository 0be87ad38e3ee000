"""The official client's connections and credentials. It is an extra, and takes most of a second to import: this module
is imported only when a cluster is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import urllib3
from kubernetes.client import ApiClient, ApiException, Configuration
from kubernetes.client.rest import RESTResponse
from kubernetes.config import ConfigException, load_kube_config

from harness.errors import MachineError, PlatformError
from harness.machine.objects import Obj

CONNECTIONS = 32
BROKEN = (urllib3.exceptions.HTTPError, OSError)
"""What a call ends with when there is no API server any more."""
MERGE = "application/merge-patch+json"


class Connection:
    """To one API server as one user. Thread-safe."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        """Raises MachineError for a kubeconfig that cannot be used."""
        settings = Configuration()
        try:
            load_kube_config(str(kubeconfig) if kubeconfig else None, context, settings, persist_config=False)
        except (ConfigException, OSError) as error:
            place = kubeconfig or "$KUBECONFIG, ~/.kube/config"
            raise MachineError(f"{place}: cannot be used: {error}; `kubectl config get-contexts` shows them") from None
        settings.retries = False
        settings.connection_pool_maxsize = CONNECTIONS
        self.server: str = settings.host
        self.on_loopback = self.server.rpartition("//")[2].startswith(("127.", "localhost", "[::1]"))
        settings.proxy = None if self.on_loopback else settings.proxy
        self._client = ApiClient(settings)

    def send(self, method: str, path: str, query: str, body: Obj | None, timeout_s: float | None) -> Reply:
        """One request; raises PlatformError where nobody answers."""
        kind = MERGE if method == "PATCH" else "application/json"
        method, url, headers, content, form = self._client.param_serialize(
            method, path, header_params={"Accept": "application/json", "Content-Type": kind}, body=body,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        try:
            response = self._client.call_api(
                method, f"{url}?{query}", headers, content, form, _request_timeout=timeout_s
            )
        except (*BROKEN, ApiException) as error:
            raise self.gone(error) from None
        return Reply(self, response)

    def gone(self, error: Exception) -> PlatformError:
        why = " ".join(str(error).split())
        hint = "is the cluster still there? `gameday recover` ends what a run left"
        return PlatformError(f"the API server {self.server} does not answer: {why}; {hint}")

    def close(self) -> None:
        self._client.close()


class Reply:
    """An answer, of which the head is there: read it whole by `text`, or while it comes by `chunks`."""

    def __init__(self, connection: Connection, response: RESTResponse) -> None:
        self._connection, self._response = connection, response.response
        self.status: int = response.status
        self._stopped = False

    def text(self) -> str:
        """Raises PlatformError when it is cut off."""
        try:
            content: bytes = self._response.data
        except BROKEN as error:
            raise self._connection.gone(error) from None
        return content.decode(errors="replace")

    def chunks(self) -> Iterator[bytes]:
        """Ends when the other side does, or after `stop`; raises PlatformError when it is cut off."""
        try:
            yield from self._response.stream(65536, decode_content=False)
        except BROKEN as error:
            if not self._stopped:
                raise self._connection.gone(error) from None
        finally:
            self._response.close()

    def lines(self) -> Iterator[bytes]:
        """As `chunks`, line by line without their ends."""
        held = b""
        for chunk in self.chunks():
            *whole, held = (held + chunk).split(b"\n")
            yield from whole

    def stop(self) -> None:
        """Ends `chunks`, from any thread; can be called twice."""
        self._stopped = True
        with suppress(Exception):  # it may have ended meanwhile
            self._response.shutdown()
