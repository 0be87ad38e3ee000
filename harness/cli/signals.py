"""SIGINT and SIGTERM: the first one asks a run to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from harness.errors import Interrupted

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class SignalledInterrupt(Interrupted):
    """A run that a signal interrupted before a verdict; exits as a shell reports the signal: 130 or 143."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


@contextmanager
def stop_on_signals(stop: threading.Event, spare: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Set `stop` on SIGINT and SIGTERM. Raises SignalledInterrupt in place of an Interrupted that follows.

    A SIGINT for which `spare` returns True is done with.
    """
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and spare():
            return
        received.append(number)
        stop.set()

    before = {number: signal.signal(number, handle) for number in NUMBERS}
    try:
        yield
    except Interrupted as error:
        raise SignalledInterrupt(str(error), received[0] if received else signal.SIGINT) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
