"""Guard of the fault `stop` on docker: `python -m harness.cluster.runtimes.container.pausing SECONDS CONTAINER…`.

`stop` pauses the containers (the kernel freezes all their processes); `state` counts how many are paused. At its end
the guard lets each go on.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

import docker
from docker.models.containers import Container

from harness.cluster.runtimes.container.engine import FAILURES, client
from harness.machine.guards.serving import serve


class Paused:
    """Several containers, paused together."""

    def __init__(self, engine: docker.DockerClient, ids: Iterable[str]) -> None:
        self._containers = [engine.containers.get(each) for each in ids]

    def answer(self, line: str) -> str:
        """The answer to `stop` or `state`."""
        if line == "stop":
            for container in self._containers:
                with suppress(*FAILURES):
                    container.pause()
        states = [_status(each) for each in self._containers]
        return f"{states.count('paused')} of {states.count('paused') + states.count('running')}"

    def resume(self) -> None:
        """Let all of them go on."""
        for container in self._containers:
            with suppress(*FAILURES):
                container.unpause()


def _status(container: Container) -> str:
    """The container's status; "" when it is gone."""
    try:
        container.reload()
    except FAILURES:
        return ""
    return str(container.status)


def main(argv: Sequence[str]) -> None:
    """Run the guard to its end."""
    seconds, *ids = argv
    paused = Paused(client(), ids)
    try:
        serve(float(seconds), paused.answer)
    finally:
        paused.resume()


if __name__ == "__main__":
    main(sys.argv[1:])
