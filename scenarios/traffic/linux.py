"""Two system calls by ctypes: a timer with microsecond resolution, and a check whether a socket is readable.

Timers of libuv, libev and epoll have a resolution of a millisecond, and gevent replaces `select.poll` by a slow one.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable

from .engine import Engine

CLOCK_MONOTONIC = 1
TFD_TIMER_ABSTIME = 1
POLLIN = 1
FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class _Pollfd(ctypes.Structure):
    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


_libc = ctypes.CDLL(None, use_errno=True)
_poll, _settime = _libc.poll, _libc.timerfd_settime


class ReadableCheck:
    """Check of a file descriptor: readable also means closed by the other side."""

    __slots__ = ("_pointer",)

    def __init__(self, fd: int) -> None:
        self._pointer = ctypes.pointer(_Pollfd(fd, POLLIN, 0))

    def readable(self) -> bool:
        """Return whether it is readable; never blocks."""
        return bool(_poll(self._pointer, 1, 0))


class Timer:
    """Call `fire` at the instant that was last passed to `arm`, on the clock of `time.monotonic()`; a Linux timerfd.

    With a `tick_s` it fires at the first multiple of the tick at or after the instant: one wake-up serves many.
    """

    def __init__(self, engine: Engine, fire: Callable[[], None], tick_s: float = 0.0) -> None:
        self._fd = _checked(_libc.timerfd_create(CLOCK_MONOTONIC, FLAGS))
        self._spec = _Itimerspec()
        self._value = self._spec.value
        self._pointer = ctypes.byref(self._spec)
        self._tick_s = tick_s
        self._watch = engine.watch(self._fd, fire)

    def arm(self, instant_s: float) -> None:
        """Set the next instant to fire, inf: never. A timer that fired keeps firing until it is armed again."""
        if self._tick_s:
            instant_s = math.ceil(instant_s / self._tick_s) * self._tick_s if instant_s < math.inf else instant_s
        value = self._value
        if instant_s == math.inf:
            value.seconds = value.nanoseconds = 0  # disarms
        else:
            value.seconds = seconds = int(instant_s)
            value.nanoseconds = int((instant_s - seconds) * 1e9) or 1
        if _settime(self._fd, TFD_TIMER_ABSTIME, self._pointer, None):
            _checked(-1)

    def close(self) -> None:
        """Stop and release the timer."""
        self._watch.cancel()
        os.close(self._fd)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
