"""Forks pods from a process that has imported everything already. Contract: docs/reference/contracts.md, "Nursery".

It stays single-threaded and without an event loop: only so may it fork.
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

from fakes.pod import MODULES, main

END_GRACE_S = 1.0


@dataclass(frozen=True)
class Spawn:
    """One order to fork a pod."""

    id: int
    service: str
    env: Mapping[str, str]
    cwd: str
    log: str


class Nursery:
    """Reads orders on stdin, answers on stdout, tells when a child ends."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._rest = b""
        self._wake, wake_end = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self._wake_end = wake_end
        self._over = False
        signal.signal(signal.SIGCHLD, lambda *_: None)  # the wake-up is what counts
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self) -> None:
        """Returns when stdin is closed or SIGTERM came, after the children have ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ, self._read)
            selector.register(self._wake, selectors.EVENT_READ, self._reap)
            while not self._over:
                for key, _ in selector.select():
                    key.data()
        self._end_children()

    def _stop(self, *_: object) -> None:
        self._over = True

    def _read(self) -> None:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            self._over = True
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._obey(line)

    def _obey(self, line: bytes) -> None:
        try:
            order = parse(line)
        except ValueError as error:
            _say({"error": str(error)})
            return
        try:
            pid = self._fork(order)
        except OSError as error:
            _say({"id": order.id, "error": f"cannot fork: {error}"})
            return
        _say({"id": order.id, "pid": pid})

    def _fork(self, order: Spawn) -> int:
        pid = os.fork()
        if pid == 0:
            self._become(order)
        self._children.add(pid)
        return pid

    def _become(self, order: Spawn) -> NoReturn:
        """In the child: leave the nursery behind and run the pod."""
        status = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.close(self._wake)
            os.close(self._wake_end)
            _own_files(order.log)
            os.chdir(order.cwd)
            os.environ.clear()
            os.environ.update(order.env)
            random.seed()
            status = main(order.service, os.environ)
        except BaseException:  # nothing of the parent's stack may run in the child
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
                _say({"exited": pid, "status": os.waitstatus_to_exitcode(status)})

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
    """Raises ValueError, with the reason in words."""
    order = json.loads(line)
    if not isinstance(order, dict) or order.get("op") != "spawn":
        raise ValueError(f'not an order: {line!r}; it must be {{"op": "spawn", "id", "service", "env", "cwd", "log"}}')
    wanted = {"id": int, "service": str, "env": dict, "cwd": str, "log": str}
    for key, kind in wanted.items():
        if not isinstance(order.get(key), kind):
            raise ValueError(f"{key} is {order.get(key)!r}: it must be of type {kind.__name__}")
    return Spawn(**{key: order[key] for key in wanted})


def _own_files(log: str) -> None:
    """stdin from nowhere, stdout and stderr appended to the log."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(nowhere, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(nowhere)
    os.close(out)


def _say(answer: dict[str, object]) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more: then stdin is about to end as well
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    for module in MODULES.values():
        importlib.import_module(module)
    gc.freeze()  # what is here now stays shared with the children
    Nursery().run()
