"""Fork server: starts pods by forking a process that has all modules loaded. Protocol: docs/reference/contracts.md.

It has one thread and no event loop, because forking is safe only then.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from fakes.pod import MODULES
from fakes.program import main

END_GRACE_S = 1.0


@dataclass(frozen=True)
class Spawn:
    """A request to fork one pod."""

    id: int
    service: str
    env: Mapping[str, str]
    cwd: str
    log: str


class ForkServer:
    """Reads requests from stdin; writes replies and the exits of children to stdout."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._partial_line = b""
        self._wake, wake_write = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._wake_write = wake_write
        self._ending = False
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler makes the wake-up fd work
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self) -> None:
        """Serve until stdin is closed or SIGTERM arrives; return after all children have ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ, self._read)
            selector.register(self._wake, selectors.EVENT_READ, self._reap)
            while not self._ending:
                for key, _ in selector.select():
                    key.data()
        self._end_children()

    def _stop(self, *_: object) -> None:
        self._ending = True

    def _read(self) -> None:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            self._ending = True
        *lines, self._partial_line = (self._partial_line + chunk).split(b"\n")
        for line in lines:
            self._handle(line)

    def _handle(self, line: bytes) -> None:
        try:
            request = parse(line)
        except ValueError as error:
            _reply({"error": str(error)})
            return
        try:
            pid = self._fork(request)
        except OSError as error:
            _reply({"id": request.id, "error": f"cannot fork: {error}"})
            return
        _reply({"id": request.id, "pid": pid})

    def _fork(self, request: Spawn) -> int:
        pid = os.fork()
        if pid == 0:
            self._run_pod(request)
        self._children.add(pid)
        return pid

    def _run_pod(self, request: Spawn) -> NoReturn:
        """In the child: drop the server's signal handlers and files, then run the pod."""
        status = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._wake)
            os.close(self._wake_write)
            _redirect_streams(request.log)
            os.chdir(request.cwd)
            os.environ.clear()
            os.environ.update(request.env)
            random.seed()
            status = main(request.service, os.environ)
        except BaseException:  # an exception must not unwind into the parent's code
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake, 4096)
        for pid in tuple(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children.discard(pid)
                _reply({"exited": pid, "status": os.waitstatus_to_exitcode(status)})

    def _end_children(self) -> None:
        self._signal_children(signal.SIGTERM)
        deadline = time.monotonic() + END_GRACE_S
        while self._children and time.monotonic() < deadline:
            time.sleep(0.02)
            self._reap()
        self._signal_children(signal.SIGKILL)
        while self._children:
            time.sleep(0.005)
            self._reap()

    def _signal_children(self, number: int) -> None:
        for pid in self._children:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def parse(line: bytes) -> Spawn:
    """Parse one line of stdin. Raises ValueError when it is not a spawn request."""
    request = json.loads(line)
    if not isinstance(request, dict) or request.get("op") != "spawn":
        raise ValueError(f'not a request: {line!r}; it must be {{"op": "spawn", "id", "service", "env", "cwd", "log"}}')
    wanted = {"id": int, "service": str, "env": dict, "cwd": str, "log": str}
    for key, kind in wanted.items():
        if not isinstance(request.get(key), kind):
            raise ValueError(f"{key} is {request.get(key)!r}: it must be of type {kind.__name__}")
    return Spawn(**{key: request[key] for key in wanted})


def _redirect_streams(log: str) -> None:
    """Connect stdin to /dev/null; append stdout and stderr to the log."""
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)


def _reply(message: dict[str, object]) -> None:
    with suppress(BrokenPipeError):  # the parent has ended: stdin will be closed too
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    for service in sys.argv[1:] or MODULES:
        importlib.import_module(MODULES.get(service, "fakes.proxy"))
    gc.freeze()  # keeps the loaded modules' memory shared with the children
    ForkServer().run()
