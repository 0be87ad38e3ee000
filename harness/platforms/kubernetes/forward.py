"""Processes of kubectl that listen on loopback, such as one that forwards a pod's port."""

from __future__ import annotations

import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from harness.errors import PlatformError
from harness.machine.process_ledger import MARK, Ledger

START_S = 10.0


class Listening:
    """A kubectl that listens on loopback, in a process group of its own; `url` is where."""

    def __init__(self, command: Sequence[str], what: str, env: Mapping[str, str], folder: Path) -> None:
        """Start it. Raises PlatformError, with `what` as its subject, when that fails.

        `env` holds PATH, and KUBECONFIG unless the command names it; the process is recorded in the ledger in `folder`.
        """
        with closing(Ledger(folder)) as ledger:
            ledger.intend(what)
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**env, MARK: str(folder)}, start_new_session=True,
            )  # fmt: skip
            ledger.started(self._process.pid, what)
        output = self._first_line()
        found = re.search(r"127\.0\.0\.1:(\d+)", output)
        if not found:
            self.close()
            raise PlatformError(f"{what}: {output or 'no output'}")
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
        """End it. Idempotent."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class Forward(Listening):
    """`kubectl port-forward` of a pod's port.

    The API server's proxy cannot be used: it would remove the Authorization header, the admin port's token.
    """

    def __init__(self, pod: str, port: int, env: Mapping[str, str], folder: Path) -> None:
        """Start forwarding; see Listening."""
        command = ["kubectl", "port-forward", f"pod/{pod}", f":{port}", "--address=127.0.0.1"]
        super().__init__(command, f"pod {pod}: port {port}: kubectl port-forward", env, folder)
