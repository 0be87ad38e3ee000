"""The end of another process, as something to wait for."""

from __future__ import annotations

import asyncio
import os

POLL_S = 1.0


async def gone(pid: int) -> None:
    """Returns when no process has this id. By a pidfd where the kernel has them, by asking once a second elsewhere."""
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
