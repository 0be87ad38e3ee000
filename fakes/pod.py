"""The life of one pod: it starts, listens, serves while it is told to, drains and ends."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import signal
from collections.abc import Callable

import uvloop

from fakes import admin
from fakes.faults.base import Board
from fakes.limits import raise_file_limit
from fakes.log import LibraryLines, Log
from fakes.parent import gone
from fakes.service import Listener, Place, Service, bind
from fakes.settings import Env, SettingError, identity
from fakes.web import HttpFront

MODULES = {
    "api-gateway": "fakes.gateway.app",
    "inference": "fakes.inference",
    "tool-service": "fakes.tools",
    "realtime": "fakes.realtime.app",
}


Factory = Callable[[Place], Service]


def main(deployment: str, env: Env) -> int:
    """Run one pod to its end; returns the exit status: 0 after a drain, 1 when the system refused
    something (an address, a file), 2 when it was told nonsense."""
    log = Log()
    logging.basicConfig(handlers=[LibraryLines(log)], level=logging.WARNING, force=True)
    raise_file_limit()
    try:
        place = Place(identity(deployment, env), env, log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(Pod(place, load(deployment)(place)).run())
    except SettingError as error:
        log.error(f"cannot start: {error}")
        return 2
    except OSError as error:
        log.error(f"cannot run: {error}")
        return 1
    finally:
        log.flush()
    return 0


def load(deployment: str) -> Factory:
    """The factory of a service; raises SettingError."""
    if deployment not in MODULES:
        raise SettingError(f"there is no service {deployment!r}: there is {', '.join(MODULES)}")
    factory: Factory = importlib.import_module(MODULES[deployment]).build
    return factory


class Pod:
    """One service with its listeners: `POD_IP` from start to end, `SERVICE_IP` while serving, the admin port."""

    def __init__(self, place: Place, service: Service) -> None:
        self._me, self._log, self._service = place.me, place.log, service
        self._board = Board(service.faults)
        self._listeners: list[Listener] = []
        self._serving: Listener | None = None
        self._switching = asyncio.Lock()

    async def run(self) -> None:
        """Returns after SIGTERM and the drain, or when the parent is gone."""
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        await self._service.start()
        await self._open()
        self._log.info(
            "started", deployment=self._me.deployment, pod=self._me.name, address=f"{self._me.ip}:{self._me.port}"
        )
        orphaned = await self._end(told)
        await self._close(0.0 if orphaned else self._me.grace_s)

    async def serve(self, wanted: bool) -> None:
        """Open or close the listener on the service address; returns when that is done. Raises OSError."""
        async with self._switching:
            if wanted and self._serving is None and self._me.service_ip:
                sock = bind(self._me.service_ip, self._me.port, shared=True)
                self._serving = await self._service.listen(sock)
                self._listeners.append(self._serving)
            elif not wanted and self._serving is not None:
                closing, self._serving = self._serving, None
                await closing.close()

    async def _open(self) -> None:
        me = self._me
        self._listeners.append(await self._service.listen(bind(me.ip, me.port, shared=False)))
        if me.admin_port is not None:
            front = HttpFront(admin.application(me.admin_token, self._board, self.serve))
            self._admin = await front.listen(bind(me.ip, me.admin_port, shared=False))

    async def _end(self, told: asyncio.Event) -> bool:
        """Wait for the end; True when it is the parent's."""
        parents = {os.getppid(), self._me.parent_pid or os.getppid()}
        orphaned = [asyncio.create_task(gone(pid)) for pid in parents if pid > 1]
        await asyncio.wait([asyncio.create_task(told.wait()), *orphaned], return_when=asyncio.FIRST_COMPLETED)
        return not told.is_set()

    async def _close(self, grace_s: float) -> None:
        """Stop listening, let what is in flight finish for so long, and end."""
        self._log.info("stopping: no new connections, what is in flight may finish", grace_s=grace_s)
        try:
            async with asyncio.timeout(grace_s):
                await asyncio.gather(*(listener.close() for listener in self._listeners))
                await self._service.leave()
                await asyncio.gather(*(listener.drained() for listener in self._listeners))
                await self._service.stop()
            self._log.info("stopped: everything in flight has finished")
        except TimeoutError:
            self._log.warning(f"stopped: the grace of {grace_s:g} s is over, what was in flight is cut off")
            self._log.flush()
            os._exit(0)  # an orderly end would cancel each call and answer it
