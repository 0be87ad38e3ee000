"""Run an asyncio program as a process of its own, with the log and the exit status of a pod."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from fakes.limits import raise_file_limit
from fakes.log import Log
from fakes.settings import SettingError


def run(log: Log, start: Callable[[Log], Coroutine[Any, Any, None]]) -> int:
    """Run the coroutine that `start` returns, on uvloop; flush the log at the end.

    Returns the exit status: 0 after a normal end, 1 when the system refused an address or a file, 2 when a setting is
    missing or invalid.
    """
    raise_file_limit()
    try:
        main = start(log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)
    except SettingError as error:
        log.error(f"cannot start: {error}")
        return 2
    except OSError as error:
        log.error(f"cannot run: {error}")
        return 1
    finally:
        log.flush()
    return 0


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set, on the running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
