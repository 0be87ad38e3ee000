"""What this machine must have for the services of a bindings file, and the errors of those that do not start."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import psutil

from harness.bindings import OwnService
from harness.cluster.runtimes.process import volumes
from harness.errors import StartError
from harness.machine import process_ledger
from harness.platforms import starting

PROBED = "127.63.0.1"
"""An address of the loopback that no platform uses: a port that is taken here is taken on all addresses."""


def check(services: Mapping[str, OwnService]) -> None:
    """Raises StartError that names every missing program and every port that cannot be used."""
    problems = [problem for each in services.values() for problem in (*_missing(each), *_taken(each))]
    problems += _without_volumes(services)
    if problems:
        raise StartError("\n".join(problems))


def _missing(each: OwnService) -> Iterator[str]:
    for name in each.programs:
        if shutil.which(name) is None:
            yield f"{each.at('programs')}: `{name}` is not on PATH; install it, or remove it from the list"


def _without_volumes(services: Mapping[str, OwnService]) -> Iterator[str]:
    wanted = [each for each in services.values() if each.volume is not None]
    if wanted and (why := volumes.missing()):
        yield from (f"{each.at('volume')}: {why}; remove the key, or use a machine that allows it" for each in wanted)


def _taken(each: OwnService) -> Iterator[str]:
    with closing(socket.socket()) as probe:
        try:
            probe.bind((PROBED, each.port))
        except OSError as error:
            yield f"{each.at('port')}: {_why(error, each.port)}"


def _why(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        fix = f"end what listens there (`ss -lntp 'sport = :{port}'`), or choose another port"
        return f"port {port} is in use on all addresses; {fix}"
    if error.errno == errno.EACCES:
        return f"port {port} is for root only; choose one from 1024 on"
    return f"port {port} cannot be used: {os.strerror(error.errno or 0)}"


def listens_elsewhere(pod: str, address: str, folder: Path) -> str:
    """That the processes of a pod listen, but not on its `address` (IP:PORT); "" if they do, or do not listen."""
    groups = [group for group in process_ledger.recorded(folder) if group.what == f"pod {pod}"]
    found = {
        place for _, members in process_ledger.living(groups, folder) for each in members for place in _listens(each)
    }
    if not found or address in found:
        return ""
    return f"; it listens on {', '.join(sorted(found))} and has to listen on $POD_IP:$PORT, here {address}"


def _listens(process: psutil.Process) -> Iterator[str]:
    with suppress(psutil.Error):
        for each in process.net_connections(kind="tcp"):
            if each.status == psutil.CONN_LISTEN:
                yield f"{each.laddr.ip}:{each.laddr.port}"


def start_error(each: OwnService, why: str) -> StartError:
    """The error of a service that did not start."""
    if re.search("address already in use", why, re.IGNORECASE):
        why += "\nEvery pod listens on $POD_IP only: one that listens on all addresses takes its port from all others."
    return starting.start_error(each, why)
