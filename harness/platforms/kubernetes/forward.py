"""A pod's port on loopback, by `kubectl port-forward`: the API server's proxy would take an admin port's token off."""

from __future__ import annotations

import re
import select
import subprocess
import time
from collections.abc import Mapping

from harness.errors import PlatformError
from harness.machine.process_ledger import Ledger

START_S = 10.0


class Forward:
    """One `kubectl port-forward`, in a process group of its own, until `close`."""

    def __init__(self, pod: str, port: int, env: Mapping[str, str], ledger: Ledger) -> None:
        """Raises PlatformError when it does not begin. `env` holds KUBECONFIG and PATH; `ledger` takes the process."""
        what = f"kubectl port-forward {pod}"
        ledger.intend(what)
        argv = ["kubectl", "port-forward", f"pod/{pod}", f":{port}", "--address=127.0.0.1"]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(env),
            start_new_session=True,
        )  # fmt: skip
        ledger.started(self._process.pid, what)
        said = self._first_line()
        found = re.search(r"127\.0\.0\.1:(\d+) ->", said)
        if not found:
            self.close()
            raise PlatformError(f"pod {pod}: port {port}: kubectl port-forward: {said or 'no answer'}")
        self.url = f"http://127.0.0.1:{found[1]}"

    def _first_line(self) -> str:
        assert self._process.stdout is not None
        deadline, said = time.monotonic() + START_S, b""
        while b"\n" not in said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                break
            part = self._process.stdout.read1(4096)  # type: ignore[attr-defined]
            if not part:
                break
            said += part
        return said.decode(errors="replace").strip()

    def close(self) -> None:
        """May be called twice."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
