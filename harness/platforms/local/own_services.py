"""What this machine must have for the services of a bindings file, and the errors of those that do not start."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing

from harness.bindings import OwnService
from harness.errors import StartError

PROBED = "127.63.0.1"
"""An address of the loopback that no platform uses: a port that is taken here is taken on all addresses."""


def check(services: Mapping[str, OwnService]) -> None:
    """Raises StartError that names every missing program and every port that cannot be used."""
    problems = [problem for each in services.values() for problem in (*_missing(each), *_taken(each))]
    if problems:
        raise StartError("\n".join(problems))


def _missing(each: OwnService) -> Iterator[str]:
    for name in each.programs:
        if shutil.which(name) is None:
            yield f"{each.at('programs')}: `{name}` is not on PATH; install it, or remove it from the list"


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


def start_error(each: OwnService, why: str) -> StartError:
    """The error of a service that did not start."""
    return StartError(f"{each.place}: services.{each.name} did not start: {why}")
