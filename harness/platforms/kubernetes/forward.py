"""Forwards a pod's port to loopback by `kubectl port-forward`.

The API server's proxy cannot be used: it would remove the Authorization header, the admin port's token.
"""

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
    """A running `kubectl port-forward` in a process group of its own; `url` is the port's URL on loopback."""

    def __init__(self, pod: str, port: int, env: Mapping[str, str], ledger: Ledger) -> None:
        """Start forwarding. Raises PlatformError when that fails.

        `env` holds KUBECONFIG and PATH; the process is recorded in `ledger`.
        """
        what = f"kubectl port-forward {pod}"
        ledger.intend(what)
        argv = ["kubectl", "port-forward", f"pod/{pod}", f":{port}", "--address=127.0.0.1"]
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(env),
            start_new_session=True,
        )  # fmt: skip
        ledger.started(self._process.pid, what)
        output = self._first_line()
        found = re.search(r"127\.0\.0\.1:(\d+) ->", output)
        if not found:
            self.close()
            raise PlatformError(f"pod {pod}: port {port}: kubectl port-forward: {output or 'no output'}")
        self.url = f"http://127.0.0.1:{found[1]}"

    def _first_line(self) -> str:
        assert self._process.stdout is not None
        deadline_s, output = time.monotonic() + START_S, b""
        while b"\n" not in output:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([self._process.stdout], [], [], left_s)[0]:
                break
            part = self._process.stdout.read1(4096)  # type: ignore[attr-defined]
            if not part:
                break
            output += part
        return output.decode(errors="replace").strip()

    @property
    def ended(self) -> bool:
        """Whether kubectl has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the forwarding. Idempotent."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
