"""Where a Prometheus on this machine reads the metrics of pods in a cluster: at a `kubectl proxy` on loopback.

It leads to the API server, which reaches every pod. So a Prometheus needs no image, no rights and no NetworkPolicy in
the cluster, and is no pod among those that the runbook sees.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import PlatformError
from harness.machine.platform_state import ScrapeTarget
from harness.platforms.kubernetes.asking import proxied
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.forward import Listening
from harness.platforms.kubernetes.objects import Pod
from harness.platforms.kubernetes.release import Release

WRITING = "^(POST|PUT|PATCH|DELETE)$"
_ANY_POD = "pod-name"


class Scraping:
    """The metrics of a release's pods, from the first `targets` until `close`. Thread-safe.

    `credentials` name the account that reads them; the proxy is recorded in the ledger of `folder`.
    """

    def __init__(self, release: Release, credentials: ClusterRef, folder: Path) -> None:
        self._namespace, self._credentials, self._folder = release.namespace, credentials, folder
        self._asked = {name: each.metrics for name, each in release.asked.items() if each.metrics}
        self._proxy: Listening | None = None
        self._closed = False
        self._lock = threading.Lock()

    def targets(self, pods: Sequence[Pod]) -> list[ScrapeTarget]:
        """Those of the pods that run and have metrics. Raises PlatformError when the proxy does not start, and after
        `close`."""
        wanted = [(pod, asked) for pod in pods if pod.ran and not pod.ending and (asked := self._asked.get(pod.app))]
        return [
            ScrapeTarget(pod.app, pod.name, urlsplit(self._url()).netloc, proxied(self._namespace, pod.name, asked))
            for pod, asked in wanted
        ]

    def _url(self) -> str:
        with self._lock:
            if self._closed:
                raise PlatformError(f"the metrics of the pods of {self._namespace} are no longer read")
            if self._proxy is None or self._proxy.ended:
                command = [
                    *self._credentials.kubectl(), "proxy", "--address=127.0.0.1", "--port=0",
                    f"--accept-paths={self._paths()}", f"--reject-methods={WRITING}",
                ]  # fmt: skip
                self._end()
                self._proxy = Listening(command, "kubectl proxy", os.environ, self._folder)
            return self._proxy.url

    def _paths(self) -> str:
        """A regular expression of the paths at which the metrics are: the proxy answers nothing else."""
        paths = {re.escape(proxied(self._namespace, _ANY_POD, asked)) for asked in self._asked.values()}
        found = "|".join(sorted(paths)).replace(re.escape(_ANY_POD), "[^/:]+")
        return f"^({found})$".replace(",", ".")  # kubectl takes a comma for the end of an expression

    def close(self) -> None:
        """End the proxy. Idempotent."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy:
            proxy.close()
