"""Guard of the fault `dns-failure` on docker: `python -m harness.cluster.runtimes.container.resolving SECONDS`.

The id of a container lets it resolve no names any more; `state` counts how many cannot. At its end the guard restores
each container's /etc/resolv.conf, which the engine mounts and root in the container may write to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

import docker
from docker.models.containers import Container

from harness.cluster.runtimes.container.engine import FAILURES, client
from harness.machine.guards.serving import serve

FILE = "/etc/resolv.conf"
NO_SERVER = "nameserver 127.0.0.2\n"
"""In the container itself, where nothing listens at the port 53 of this address."""
WRITE = f'printf %s "$0" > {FILE}'


class Unresolving:
    """Containers that cannot resolve names, with what their files were before."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self._engine = engine
        self._before: dict[str, tuple[Container, str]] = {}

    def answer(self, line: str) -> str:
        """Break the container that the line names, or count with `state`."""
        if line != "state":
            self._break(line)
        present = [_read(container) for container, _ in self._before.values()]
        return f"{present.count(NO_SERVER)} of {len(present) - present.count(None)}"

    def _break(self, name: str) -> None:
        with suppress(*FAILURES):
            container = self._engine.containers.get(name)
            text = _read(container)
            if text is not None:
                self._before[name] = (container, text)
                _write(container, NO_SERVER)

    def restore(self) -> None:
        """Let all of them resolve names again."""
        for container, text in self._before.values():
            if _read(container) == NO_SERVER:
                _write(container, text)


def _read(container: Container) -> str | None:
    """The file; None for a container that does not run, or has no `cat`."""
    with suppress(*FAILURES):
        done = container.exec_run(["cat", FILE], user="0")
        if done.exit_code == 0:
            return str(done.output.decode())
    return None


def _write(container: Container, text: str) -> None:
    with suppress(*FAILURES):
        container.exec_run(["sh", "-c", WRITE, text], user="0")


def main(argv: Sequence[str]) -> None:
    """Run the guard to its end."""
    (seconds,) = argv
    unresolving = Unresolving(client())
    try:
        serve(float(seconds), unresolving.answer)
    finally:
        unresolving.restore()


if __name__ == "__main__":
    main(sys.argv[1:])
