"""Runs a command in a pod (`kubectl exec`), with the pod's environment, folder and programs.

There is no chroot: `/app` in the arguments is replaced by the pod's folder, and every other absolute path is this
machine's. Process ids are the pod's own (in_pod.py). Nothing of the daemon's environment is inherited.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.cluster.manifest import asked_at
from harness.cluster.runtimes.process.pod_environment import PodEnvironment
from harness.cluster.runtimes.process.volumes import Volumes
from harness.cluster.state import Pod
from harness.machine import operator_shell
from harness.machine.objects import number
from harness.machine.process_ledger import MARK, Group, Ledger, end

APP = re.compile(r"(?<![\w./-])/app(?![\w.-])")
CHUNK = 65536
IN_POD, POD_NETWORK = (
    (sys.executable, "-IS", str(Path(__file__).with_name(name))) for name in ("in_pod.py", "pod_network.py")
)
PROGRAMS = """
sh bash cat ls head tail wc sort uniq cut tr date sleep env printenv tee echo printf true false test id pwd stat df du
ps hostname uname find xargs touch mkdir rm cp mv kill timeout seq basename dirname grep egrep fgrep sed awk curl
"""
"""Programs that a pod has, as far as this machine has them."""


class Command:
    """A started command. Implements api.Process."""

    def __init__(self, process: asyncio.subprocess.Process, group: Group, folder: Path) -> None:
        self._process, self.group, self._folder = process, group, folder
        self.stdout = _chunks(process.stdout)
        self.stderr = _chunks(process.stderr)

    async def wait(self) -> int:
        status = await self._process.wait()
        return status if status >= 0 else 128 - status

    def kill(self) -> None:
        if self._process.returncode is None:
            self.group.signal(signal.SIGKILL)
        else:
            end([self.group], self._folder)  # processes that it left in the background


async def _chunks(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    while stream is not None and (chunk := await stream.read(CHUNK)):
        yield chunk


class Execution:
    """Starts commands in pods. `environment` knows the Services; `runtime` is a folder with a short path."""

    def __init__(
        self, ledger: Ledger, environment: PodEnvironment, volumes: Volumes, namespace: str, runtime: Path
    ) -> None:
        self._ledger, self._environment, self._volumes, self._namespace = ledger, environment, volumes, namespace
        self._no_database = runtime / "no-database"
        self._no_database.mkdir()
        self._feeding: set[asyncio.Task[None]] = set()
        self._image = ledger.folder / "image"
        self._bin = self._image / "bin"

    async def start(
        self,
        pod: Pod,
        process: int,
        argv: Sequence[str],
        *,
        stdin: bytes | None,
        tty: bool,
    ) -> Command:
        """Start a command beside the pod's process, which has the id `process` on this machine.

        Raises FileNotFoundError for a program that the pod does not have.
        """
        replaced = [APP.sub(lambda _: str(pod.app), each) for each in argv]
        bins = [self._image / pod.owner.deployment.name, self._bin]
        program = _find(replaced[0], pod.app, bins)
        env = {**self._environment.of(pod), "PATH": ":".join(map(str, bins)), **self._client_settings(pod)}
        what = f"exec in {pod.name}: {argv[0]}"
        self._ledger.intend(what)
        command = await asyncio.create_subprocess_exec(
            *self._volumes.entering(pod), *self._network(pod), *IN_POD, str(process), program, *replaced,
            env=env, cwd=pod.app, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT if tty else asyncio.subprocess.PIPE,
        )  # fmt: skip
        group = self._ledger.started(command.pid, what)
        if stdin is not None:
            feeding = asyncio.create_task(_feed(command, stdin))
            self._feeding.add(feeding)
            feeding.add_done_callback(self._feeding.discard)
        return Command(command, group, self._ledger.folder)

    def _network(self, pod: Pod) -> list[str]:
        """What runs a command in the network of a pod that runs a command of the user: its programs know no curlrc."""
        if not pod.command:
            return []
        port = int(number(asked_at(pod.template), "port"))
        localhost = [(host, port, pod.ip) for host in ("127.0.0.1", pod.ip)]
        services = [
            (address, self._environment.ports[name], address) for name, address in self._environment.addresses.items()
        ]
        return [*POD_NETWORK, json.dumps([*localhost, *services])]

    def install(self, programs: Mapping[str, Sequence[str]]) -> None:
        """Link the programs of every pod, and those of single Deployments, as far as this machine has them."""
        operator_shell.link(self._bin, PROGRAMS.split())
        for deployment, names in programs.items():
            operator_shell.link(self._image / deployment, names)

    def _client_settings(self, pod: Pod) -> dict[str, str]:
        """Variables that let curl reach this platform's Services only, and psql no database without a URL."""
        home = pod.folder / "home"
        (home / ".curlrc").write_text(
            operator_shell.curlrc(self._environment.addresses, self._namespace, pod.ip), encoding="utf-8"
        )
        nothing = str(self._no_database)
        return {"CURL_HOME": str(home), "PGHOST": nothing, "PGSYSCONFDIR": nothing, MARK: str(self._ledger.folder)}


def _find(program: str, cwd: Path, bins: Sequence[Path]) -> str:
    """Look up a bare name in the pod's programs only; a path is used as it is."""
    paths = [cwd / program] if "/" in program else [folder / program for folder in bins]
    for path in paths:
        if os.access(path, os.X_OK) and not path.is_dir():
            return str(path)
    raise FileNotFoundError(program)


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):  # the command ended without reading all of it
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()
