"""Leases that allow one drill at a time in a namespace, and one run at a time."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import psutil

from harness.errors import PlatformError
from harness.machine.objects import Obj, section, text
from harness.platforms.kubernetes.api import Api, ApiError
from harness.platforms.kubernetes.objects import whole

NAME, RUN = "gameday-drill", "gameday-run"
"""The leases of one drill, and of one run: it has the namespaces for itself between its drills too."""
DURATION_S, RENEW_S = 30, 8.0


class Lease:
    """The lease of one namespace. A thread renews it; it expires DURATION_S after its holder was killed."""

    def __init__(self, api: Api, namespace: str, name: str = NAME) -> None:
        self._api, self._namespace, self._name = api, namespace, name
        self._all = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._holder = f"{socket.gethostname()}/{os.getpid()}"
        self._ended = threading.Event()
        self._renewing: threading.Thread | None = None

    @property
    def acquired(self) -> bool:
        """Whether this process holds the lease."""
        return self._renewing is not None

    def acquire(self) -> None:
        """Acquire the lease. Raises PlatformError that names its current holder."""
        try:
            self._api.create(self._all, self._body())
        except ApiError as error:
            if error.status != 409:
                raise
            self._take_over(self._api.get(f"{self._all}/{self._name}"))
        self._renewing = threading.Thread(target=self._renew, daemon=True, name="lease")
        self._renewing.start()

    def _take_over(self, current: Obj) -> None:
        holder, until = text(current, "spec", "holderIdentity"), _until(current)
        if holder != self._holder and until > datetime.now(UTC) and not _killed(holder):
            raise PlatformError(
                f"namespace {self._namespace}: {holder} runs a drill; wait for its end, or, if it was killed, until "
                f"{until:%H:%M:%S} UTC"
            )
        fresh = self._body()
        section(fresh, "metadata")["resourceVersion"] = text(current, "metadata", "resourceVersion")
        self._api.replace(f"{self._all}/{self._name}", fresh)

    def _body(self) -> Obj:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        spec: Obj = {"holderIdentity": self._holder, "renewTime": now, "leaseDurationSeconds": DURATION_S}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": spec,
        }

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_S):
            with suppress(PlatformError):  # the drill itself notices that the API server does not answer
                self._api.merge(f"{self._all}/{self._name}", {"spec": section(self._body(), "spec")})

    @contextmanager
    def held(self) -> Iterator[None]:
        """Context manager that holds the lease. Raises PlatformError that names its current holder."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Release the lease if this process holds it. Idempotent."""
        if self._renewing is None:
            return
        self._ended.set()
        self._renewing.join()
        self._renewing = None
        with suppress(PlatformError):
            self._api.delete(f"{self._all}/{self._name}")


def _killed(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended."""
    host, _, pid = holder.rpartition("/")
    return host == socket.gethostname() and pid.isdecimal() and not psutil.pid_exists(int(pid))


def _until(current: Obj) -> datetime:
    """When a lease expires unless it is renewed."""
    try:
        renewed = datetime.fromisoformat(text(current, "spec", "renewTime").replace("Z", "+00:00"))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return renewed + timedelta(seconds=whole(current, "spec", "leaseDurationSeconds"))
