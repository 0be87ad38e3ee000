"""Client of the Docker engine, by testcontainers: creates and removes a platform's network, volumes and containers.

All calls block. testcontainers is an extra, so this module is imported on first use only.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from harness.cluster.runtimes.container.ledger import FOLDER, PART, PLATFORM, started
from harness.cluster.runtimes.container.options import ContainerOptions, Mount
from harness.errors import MachineError, PlatformError

FAILURES = (DockerException, RequestException, TimeoutError)
"""Exceptions that a call to the engine may raise."""
REMOVE_LIMIT_S, RETRY_S = 20.0, 0.05
NO_OPTIONS = ContainerOptions()
NOTES_LENGTH = 500
"""How many of the last characters of a container's output an error shows."""


@dataclass(frozen=True)
class ContainerSpec:
    """A container to start: `part` names its role in the platform; `publish`: pairs of (IP of this machine, port)."""

    part: str
    image: str
    command: Sequence[str] = ()
    entrypoint: Sequence[str] | None = None
    working_dir: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    hostname: str | None = None
    aliases: Sequence[str] = ()
    publish: Sequence[tuple[str, int]] = ()
    cpu_shares: int | None = None
    nano_cpus: int | None = None
    memory_bytes: int | None = None
    ready: WaitStrategy | None = None
    options: ContainerOptions = NO_OPTIONS


class Running:
    """A started container; `ip` is its address on the platform's network."""

    def __init__(self, made: DockerContainer, network: str) -> None:
        self._container = made.get_wrapped_container()
        self._container.reload()
        self.id: str = self._container.id
        self.ip: str = self._container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
        self._stop_signal: str = self._container.attrs["Config"].get("StopSignal") or signal.SIGTERM.name

    def kill(self, number: signal.Signals) -> None:
        """Send a signal, instead of SIGTERM the one that its image names; no effect when the container has ended."""
        with suppress(*FAILURES):
            self._container.kill(signal=self._stop_signal if number == signal.SIGTERM else number.name)

    def follow(self, log: Path) -> int:
        """Append its output to `log` until it ends, then remove it; returns its exit status, -9 if it is unknown."""
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
        """Resource usage; None when the container does not run. Memory is the working set, as the kubelet counts it."""
        try:
            stats = self._container.client.api.stats(self.id, stream=False, one_shot=True)
            memory = stats["memory_stats"]
            idle = memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0))
            return Reading(stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, max(0, memory["usage"] - idle))
        except (*FAILURES, KeyError):
            return None


class Engine:
    """Creates the network and containers of one platform, all labelled with its token."""

    def __init__(self, token: str, folder: Path) -> None:
        self.client = client()
        self._folder, self._labels = folder, {PLATFORM: token, FOLDER: str(folder)}
        self._network: Network | None = None

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(self.client.version()["Version"])

    def image_id(self, name: str) -> str:
        """Id of a local image. Raises MachineError when it does not exist."""
        try:
            return str(self.client.images.get(name).id)
        except FAILURES as error:
            raise MachineError(
                f"docker: the image {name} does not exist: {error_text(error)}; `docker images` lists the images"
            ) from error

    def open(self, volumes: Iterable[str] = ()) -> None:
        """Create the platform's network and volumes; start testcontainers' Ryuk unless it is disabled.

        Raises MachineError.
        """
        try:
            if not testcontainers_config.ryuk_disabled:
                Reaper.get_instance()
            labels = {**self._labels, PART: "network"}
            self._network = Network(docker_network_kw={"labels": labels}).create()
            for name in volumes:
                labels = {**self._labels, PART: f"volume {name}"}
                self.client.volumes.create(self._volume(name), labels=labels)
        except FAILURES as error:
            raise MachineError(
                f"docker: the platform's network and volumes cannot be created: {error_text(error)}; "
                "`docker network prune` may help"
            ) from error

    def start(self, spec: ContainerSpec) -> Running:
        """Start a container and wait until it is `ready`. Raises PlatformError after removing the container."""
        assert self._network is not None
        made = DockerContainer(spec.image).with_network(self._network).with_network_aliases(*spec.aliases)
        made.with_command(list(spec.command)).with_envs(**spec.env)
        ports: Any = made.ports  # with_bind_ports takes no address
        ports.update({f"{port}/tcp": (ip, port) for ip, port in spec.publish})
        made.with_kwargs(
            labels={**self._labels, PART: spec.part}, hostname=spec.hostname, cpu_shares=spec.cpu_shares,
            nano_cpus=spec.nano_cpus, mem_limit=spec.memory_bytes, entrypoint=spec.entrypoint and list(spec.entrypoint),
            working_dir=spec.working_dir, **self._options(spec.options),
        )  # fmt: skip
        made.tmpfs = dict(spec.options.tmpfs)
        if spec.ready is not None:
            made.waiting_for(spec.ready)
        try:
            made.start()
            running = Running(made, self._network.name)
            started(self._folder, running.id)
            return running
        except FAILURES as error:
            why = error_text(error)
            with suppress(*FAILURES):
                made.stop()
            raise PlatformError(f"docker: {spec.part} does not start: {why}") from error

    def _options(self, options: ContainerOptions) -> dict[str, Any]:
        """The options as arguments of docker."""
        return {
            "user": options.user, "init": options.init, "read_only": options.read_only,
            "cap_add": list(options.cap_add), "cap_drop": list(options.cap_drop),
            "stop_signal": options.stop_signal,
            "mounts": [self._mount(each) for each in options.mounts],
        }  # fmt: skip

    def _mount(self, each: Mount) -> docker.types.Mount:
        source = each.source if each.bind else self._volume(each.source) if each.source else None
        kind = "bind" if each.bind else "volume"
        return docker.types.Mount(each.target, source, kind, read_only=each.read_only or each.bind)

    def _volume(self, name: str) -> str:
        """The engine's name of a volume of the platform."""
        return f"gameday-{self._labels[PLATFORM]}-{name}"


def client() -> docker.DockerClient:
    """A client of the engine. Raises MachineError when no engine answers."""
    try:
        found = docker.from_env()
        found.ping()
    except FAILURES as error:
        raise MachineError(
            f"docker: no engine answers: {error_text(error)}; start it (systemctl start docker), name it by "
            "DOCKER_HOST, or use --platform local"
        ) from error
    return found


def remove(tokens: Sequence[str]) -> list[str]:
    """Remove every container, network and volume with one of the tokens; returns what was removed. Idempotent.

    Raises PlatformError when something remains.
    """
    engine = client()
    removed: list[str] = []
    for token in tokens:
        label = f"{PLATFORM}={token}"
        try:
            removed += _remove_all(engine, label)
        except FAILURES as error:
            hint = f"see `docker ps -a --filter label={label}`"
            raise PlatformError(f"docker: not everything could be removed: {error_text(error)}; {hint}") from error
    return removed


def _remove_all(engine: docker.DockerClient, label: str) -> Iterator[str]:
    deadline_s = time.monotonic() + REMOVE_LIMIT_S
    while found := engine.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        with ThreadPoolExecutor(len(found)) as side_by_side:
            yield from filter(None, side_by_side.map(_remove, found))
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{len(found)} containers are still there after {REMOVE_LIMIT_S:g} s")
        time.sleep(RETRY_S)
    for network in engine.networks.list(filters={"label": label}):
        with suppress(NotFound):
            network.remove()
            yield f"network {network.short_id}"
    for volume in engine.volumes.list(filters={"label": label}):
        with suppress(NotFound):
            volume.remove(force=True)
            yield f"volume {volume.short_id}"


def _remove(container: Container) -> str:
    """Remove a container; returns its description, "" if it is already being removed."""
    try:
        container.remove(force=True, v=True)
    except APIError as error:
        if error.status_code in (404, 409):
            return ""
        raise
    return f"{container.labels.get(PART, 'container')} (container {container.short_id})"


def error_text(error: BaseException) -> str:
    """The engine's message without the request's URL, followed by the container's last output if there is any."""
    message = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    notes = " ".join(getattr(error, "__notes__", ()))[-NOTES_LENGTH:]
    return " ".join(f"{message} {notes}".split())
