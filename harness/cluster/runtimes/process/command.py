"""Runs the command of a pod as a process group of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import PlatformError
from harness.machine.process_ledger import Ledger


class CommandProcess:
    """The running command of a pod. Implements container.Container.

    The end of the command ends everything else in its group, as the end of a container's first process does. So only
    what the command leaves behind in another group can outlive it: the platform's end ends that.
    """

    def __init__(self, process: subprocess.Popen[bytes], ledger: Ledger, what: str) -> None:
        self._process, self._pidfd = process, os.pidfd_open(process.pid)
        self.group = ledger.started(process.pid, what)
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.exited.get_loop().add_reader(self._pidfd, self._end)

    @property
    def id(self) -> str:
        return f"process://{self.group.pid}"

    def signal(self, number: signal.Signals) -> None:
        """Send SIGKILL to the whole group, any other signal to its first process only, as a kubelet does."""
        if self.exited.done():
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.group.pid, number)
            else:
                signal.pidfd_send_signal(self._pidfd, number)

    def _end(self) -> None:
        """The command has ended but is not reaped yet, so that the id still belongs to its group."""
        self.exited.get_loop().remove_reader(self._pidfd)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.group.pid, signal.SIGKILL)
        status = self._process.wait()
        os.close(self._pidfd)
        self.exited.set_result(status)


def start(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path, ledger: Ledger, what: str
) -> CommandProcess:
    """Start a command, with its output appended to `log`. Raises PlatformError when it cannot be started."""
    ledger.intend(what)
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd,
                start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise PlatformError(f"{argv[0]} cannot be started in {cwd}: {error.strerror}") from error
    return CommandProcess(process, ledger, what)
