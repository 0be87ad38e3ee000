"""Connections of the official Kubernetes client.

The client is an extra and takes most of a second to import, so this module is imported on first use only.
"""

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
"""Exceptions of a call when the API server is unreachable."""
MERGE = "application/merge-patch+json"


class Connection:
    """Connections to one API server as one user. Thread-safe."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        """Raises MachineError for an unusable kubeconfig."""
        settings = Configuration()
        try:
            load_kube_config(str(kubeconfig) if kubeconfig else None, context, settings, persist_config=False)
        except (ConfigException, OSError) as error:
            place = kubeconfig or "$KUBECONFIG, ~/.kube/config"
            hint = "`kubectl config get-contexts` lists the contexts"
            raise MachineError(f"{place}: unusable kubeconfig: {error}; {hint}") from None
        settings.retries = False
        settings.connection_pool_maxsize = CONNECTIONS
        self.server: str = settings.host
        self.on_loopback = self.server.rpartition("//")[2].startswith(("127.", "localhost", "[::1]"))
        settings.proxy = None if self.on_loopback else settings.proxy
        self._client = ApiClient(settings)

    def send(self, method: str, path: str, query: str, body: Obj | None, timeout_s: float | None) -> Reply:
        """Send one request. Raises PlatformError when the API server does not answer."""
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
            raise self.unreachable(error) from None
        return Reply(self, response)

    def unreachable(self, error: Exception) -> PlatformError:
        """The error that reports an unreachable API server."""
        why = " ".join(str(error).split())
        hint = "check that the cluster runs; `gameday recover` restores what a run left"
        return PlatformError(f"the API server {self.server} does not answer: {why}; {hint}")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


class Reply:
    """An answer whose head has been read: the body is read whole by `text`, or as a stream by `chunks` or `lines`."""

    def __init__(self, connection: Connection, response: RESTResponse) -> None:
        self._connection, self._response = connection, response.response
        self.status: int = response.status
        self._stopped = False

    def text(self) -> str:
        """The whole body. Raises PlatformError when the connection breaks."""
        try:
            content: bytes = self._response.data
        except BROKEN as error:
            raise self._connection.unreachable(error) from None
        return content.decode(errors="replace")

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives, until its end or `stop`. Raises PlatformError when the connection breaks."""
        try:
            yield from self._response.stream(65536, decode_content=False)
        except BROKEN as error:
            if not self._stopped:
                raise self._connection.unreachable(error) from None
        finally:
            self._response.close()

    def lines(self) -> Iterator[bytes]:
        """As `chunks`, split into lines without line ends."""
        rest = b""
        for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole

    def stop(self) -> None:
        """End `chunks`, from any thread. Idempotent."""
        self._stopped = True
        with suppress(Exception):  # the stream may have ended in the meantime
            self._response.shutdown()
