"""Wait for the end of another process."""

from __future__ import annotations

import asyncio
import os

POLL_S = 1.0


async def wait_for_exit(pid: int) -> None:
    """Return when the process with this id has ended. Uses a pidfd; without kernel support, polls once a second."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        await _poll(pid)
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(fd, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


async def _poll(pid: int) -> None:
    while _alive(pid):
        await asyncio.sleep(POLL_S)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
