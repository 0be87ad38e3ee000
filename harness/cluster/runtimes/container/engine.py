"""The Docker engine, by testcontainers: a network and containers that carry a platform's labels, and their end.

Calls block; who has an event loop makes them in threads. testcontainers is an extra, so this module is imported only
where a container is wanted.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from requests.exceptions import RequestException
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer, Reaper
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import WaitStrategy

from harness.cluster.container import Reading
from harness.cluster.runtimes.container.ledger import FOLDER, PART, PLATFORM
from harness.errors import MachineError, PlatformError

FAILURES = (DockerException, RequestException, TimeoutError)
"""What a call to the engine may raise."""
REMOVED_S, AGAIN_S = 20.0, 0.05
NOTES = 500
"""How much of a container's last words, in characters."""


@dataclass(frozen=True)
class Wanted:
    """One container: `part` says which of the platform's it is; `publish` are (IP of this machine, port) pairs."""

    part: str
    image: str
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None
    aliases: Sequence[str] = ()
    publish: Sequence[tuple[str, int]] = ()
    cpu_shares: int | None = None
    nano_cpus: int | None = None
    memory_bytes: int | None = None
    ready: WaitStrategy | None = None


class Running:
    """One container that was started."""

    def __init__(self, made: DockerContainer, network: str) -> None:
        self._container = made.get_wrapped_container()
        self._container.reload()
        self.id: str = self._container.id
        self.ip: str = self._container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]

    def kill(self, number: signal.Signals) -> None:
        """Nothing when it has ended already."""
        with suppress(*FAILURES):
            self._container.kill(signal=number.name)

    def follow(self, log: Path) -> int:
        """Append its output to `log` until it ends, and remove it; returns its exit status, or -9 when it is lost."""
        try:
            with log.open("ab", buffering=0) as file:
                for chunk in self._container.logs(stream=True, follow=True):
                    file.write(chunk)
            return int(self._container.wait()["StatusCode"])
        except FAILURES:
            return -signal.SIGKILL
        finally:
            with suppress(*FAILURES):
                self._container.remove(force=True, v=True)

    def reading(self) -> Reading | None:
        """None when it does not run. Memory is the working set, as the kubelet counts it."""
        try:
            stats = self._container.client.api.stats(self.id, stream=False, one_shot=True)
            memory = stats["memory_stats"]
            idle = memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0))
            return Reading(stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, max(0, memory["usage"] - idle))
        except (*FAILURES, KeyError):
            return None


class Engine:
    """The engine for one platform: everything that it makes carries the token."""

    def __init__(self, token: str, folder: Path) -> None:
        self.client = client()
        self._labels = {PLATFORM: token, FOLDER: str(folder)}
        self._network: Network | None = None

    @property
    def version(self) -> str:
        return str(self.client.version()["Version"])

    def image_id(self, name: str) -> str:
        """Raises MachineError when it is not there."""
        try:
            return str(self.client.images.get(name).id)
        except FAILURES as error:
            raise MachineError(f"docker: the image {name} is not here: {words(error)}; `docker images`") from error

    def open(self) -> None:
        """The platform's own network; and testcontainers' Ryuk, where it is not disabled."""
        try:
            if not testcontainers_config.ryuk_disabled:
                Reaper.get_instance()
            labels = {**self._labels, PART: "network"}
            self._network = Network(docker_network_kw={"labels": labels}).create()
        except FAILURES as error:
            raise MachineError(f"docker: no network of our own: {words(error)}; `docker network prune`?") from error

    def start(self, wanted: Wanted) -> Running:
        """Create and start a container, and wait as it says. Raises PlatformError, and then nothing is left of it."""
        assert self._network is not None
        made = DockerContainer(wanted.image).with_network(self._network).with_network_aliases(*wanted.aliases)
        made.with_command(list(wanted.command)).with_envs(**wanted.env)
        ports: Any = made.ports  # with_bind_ports takes no address
        ports.update({f"{port}/tcp": (ip, port) for ip, port in wanted.publish})
        made.with_kwargs(
            labels={**self._labels, PART: wanted.part}, hostname=wanted.hostname, cpu_shares=wanted.cpu_shares,
            nano_cpus=wanted.nano_cpus, mem_limit=wanted.memory_bytes,
        )  # fmt: skip
        if wanted.ready is not None:
            made.waiting_for(wanted.ready)
        try:
            made.start()
            return Running(made, self._network.name)
        except FAILURES as error:
            why = words(error)
            with suppress(*FAILURES):
                made.stop()
            raise PlatformError(f"docker: {wanted.part} does not start: {why}") from error


def client() -> docker.DockerClient:
    """Raises MachineError when no engine answers."""
    try:
        found = docker.from_env()
        found.ping()
    except FAILURES as error:
        raise MachineError(
            f"docker: no engine answers: {words(error)}; start it (systemctl start docker) or name it by DOCKER_HOST, "
            "or use --platform local"
        ) from error
    return found


def remove(tokens: Sequence[str]) -> list[str]:
    """Remove every container and network with one of the tokens; says which. May be repeated. Raises PlatformError."""
    engine = client()
    removed: list[str] = []
    for token in tokens:
        label = f"{PLATFORM}={token}"
        try:
            removed += _remove_all(engine, label)
        except FAILURES as error:
            look = f"see `docker ps -a --filter label={label}`"
            raise PlatformError(f"docker: not everything could be removed: {words(error)}; {look}") from error
    return removed


def _remove_all(engine: docker.DockerClient, label: str) -> Iterator[str]:
    deadline = time.monotonic() + REMOVED_S
    while found := engine.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        with ThreadPoolExecutor(len(found)) as side_by_side:
            yield from filter(None, side_by_side.map(_remove, found))
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} containers are still there after {REMOVED_S:g} s")
        time.sleep(AGAIN_S)
    for network in engine.networks.list(filters={"label": label}):
        with suppress(NotFound):
            network.remove()
            yield f"network {network.short_id}"


def _remove(container: Container) -> str:
    """What it was; "" when somebody else is removing it or has."""
    try:
        container.remove(force=True, v=True)
    except APIError as error:
        if error.status_code in (404, 409):
            return ""
        raise
    return f"{container.labels.get(PART, 'container')} (container {container.short_id})"


def words(error: BaseException) -> str:
    """The engine's own words, without the call's address, and the container's last ones where these came along."""
    said = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    notes = " ".join(getattr(error, "__notes__", ()))[-NOTES:]
    return " ".join(f"{said} {notes}".split())
