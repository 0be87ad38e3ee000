"""Run one pod: start its service, listen, serve while requested, drain and end."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any

from fakes import admin
from fakes.faults.base import FaultBoard
from fakes.log import LibraryLines, Log
from fakes.parent import wait_for_exit
from fakes.process import run, stop_event
from fakes.service import Context, Listener, Service, bind
from fakes.settings import Env, SettingError, identity
from fakes.web import HttpFront

MODULES = {
    "api-gateway": "fakes.gateway.app",
    "inference": "fakes.inference",
    "tool-service": "fakes.tools",
    "realtime": "fakes.realtime.app",
}


Factory = Callable[[Context], Service]


def main(deployment: str, env: Env) -> int:
    """Run one pod until SIGTERM or the end of its parent; return the exit status of `fakes.process.run`."""
    log = Log()
    logging.basicConfig(handlers=[LibraryLines(log)], level=logging.WARNING, force=True)

    def start(log: Log) -> Coroutine[Any, Any, None]:
        context = Context(identity(deployment, env), env, log)
        return Pod(context, load(deployment)(context)).run()

    return run(log, start)


def load(deployment: str) -> Factory:
    """Return the factory of a service. Raises SettingError for an unknown one."""
    if deployment not in MODULES:
        raise SettingError(f"there is no service {deployment!r}; known are {', '.join(MODULES)}")
    factory: Factory = importlib.import_module(MODULES[deployment]).build
    return factory


class Pod:
    """One service with its listeners: on `POD_IP` always, on `SERVICE_IP` while serving, and on the admin port."""

    def __init__(self, context: Context, service: Service) -> None:
        self._me, self._log, self._service, self._tracer = context.me, context.log, service, context.tracer
        self._board = FaultBoard(service.faults)
        self._listeners: list[Listener] = []
        """All that were opened: a closed one may still have connections."""
        self._serving: Listener | None = None
        self._ending = False
        self._switching = asyncio.Lock()

    async def run(self) -> None:
        """Serve until SIGTERM or the end of the parent, then drain."""
        stop = stop_event()
        await self._service.start()
        own = await self._open()
        self._log.info(
            "started", deployment=self._me.deployment, pod=self._me.name, address=f"{self._me.ip}:{self._me.port}"
        )
        orphaned = await self._wait_for_end(stop)
        await self._close(own, 0.0 if orphaned else self._me.grace_s)

    async def serve(self, wanted: bool) -> None:
        """Open or close the listener on the service address. Raises OSError when it cannot listen."""
        async with self._switching:
            if wanted and self._ending:
                raise OSError("the pod is stopping")
            if wanted and self._serving is None and self._me.service_ip:
                sock = bind(self._me.service_ip, self._me.port, shared=True)
                self._serving = await self._service.listen(sock)
                self._listeners.append(self._serving)
            elif not wanted and self._serving is not None:
                closing, self._serving = self._serving, None
                await closing.close()

    async def _open(self) -> Listener:
        """Listen on the pod's own address and on the admin port; return the listener of the own address."""
        me = self._me
        own = await self._service.listen(bind(me.ip, me.port, shared=False))
        self._listeners.append(own)
        if me.admin_port is not None:
            front = HttpFront(admin.application(me.admin_token, self._board, self.serve))
            self._admin = await front.listen(bind(me.ip, me.admin_port, shared=False))
        return own

    async def _wait_for_end(self, stop: asyncio.Event) -> bool:
        """Wait for a signal or the end of the parent; return True for the parent."""
        parents = {os.getppid(), self._me.parent_pid or os.getppid()}
        orphaned = [asyncio.create_task(wait_for_exit(pid)) for pid in parents if pid > 1]
        await asyncio.wait([asyncio.create_task(stop.wait()), *orphaned], return_when=asyncio.FIRST_COMPLETED)
        return not stop.is_set()

    async def _close(self, own: Listener, grace_s: float) -> None:
        """Stop listening, let requests in flight finish for `grace_s` seconds, and end."""
        self._ending = True
        self._log.info("stopping: no new connections, what is in flight may finish", grace_s=grace_s)
        try:
            async with asyncio.timeout(grace_s):
                await self.serve(False)
                await own.close()
                await self._service.leave()
                await asyncio.gather(*(listener.drained() for listener in self._listeners))
                await self._service.stop()
            await asyncio.to_thread(self._tracer.flush)
            self._log.info("stopped: everything in flight has finished")
        except TimeoutError:
            self._log.warning(f"stopped: the grace of {grace_s:g} s is over, what was in flight is cut off")
            self._log.flush()
            os._exit(0)  # a normal end would cancel each request and answer it
