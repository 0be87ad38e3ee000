"""Starts the services of the two variants of a comparison."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import yaml

from harness.cluster import manifest
from harness.comparison.variant import BaseUrl, Checkout, Environment, Image, Revision, Variant
from harness.errors import ComparisonError, GamedayError, Interrupted, MachineError
from harness.machine import worktree
from harness.platforms.base import PlatformOptions
from harness.platforms.docker.provider import DockerProvider
from harness.platforms.local.platform import LocalPlatform
from harness.record.event import SideName

NAMES: Mapping[SideName, str] = {"control": "base", "treatment": "candidate"}
PLATFORM = "platform"
MANIFESTS = Path("deploy") / "base"
CONNECT_S = 2.0
WAKE_S = 0.2


class Services(Protocol):
    """The running services of one variant. Every method except `down` may raise GamedayError."""

    def up(self) -> None:
        """Start them, or check that they run; returns when they are ready."""
        ...

    def url(self, service: str) -> str:
        """Base URL of a Service."""
        ...

    def down(self) -> None:
        """End everything that was started. Idempotent, never raises."""
        ...


@dataclass(frozen=True)
class _Running:
    """Implements Services for a service that runs already."""

    base_url: str

    def up(self) -> None:
        parts = urlsplit(self.base_url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), CONNECT_S).close()
        except OSError as error:
            raise ComparisonError(f"{self.base_url}: cannot be reached ({error}); start the service first") from None

    def url(self, service: str) -> str:
        return self.base_url

    def down(self) -> None:
        """Nothing was started."""


@dataclass(frozen=True)
class Prepared:
    """A variant before its start: what its name stands for, and how its services are started in a folder."""

    variant: Variant
    detail: str = ""
    commit: str = ""


def platform_of(variant: Variant) -> str:
    """The platform on which a variant runs; "" for a service that runs already. Raises MachineError if it cannot."""
    match variant:
        case BaseUrl():
            return ""
        case Image():
            DockerProvider(PlatformOptions()).check()
            return DockerProvider.name
    LocalPlatform.check_machine()
    return LocalPlatform.name


def prepare(variant: Variant, repository: Path) -> Prepared:
    """Check what can be checked without starting anything. Raises GamedayError."""
    match variant:
        case Revision():
            commit = worktree.commit_of(variant.name, repository)
            return Prepared(variant, commit[:12], commit)
        case Checkout():
            return Prepared(variant, str(variant.folder.resolve()))
        case Environment():
            deployed = manifest.read().environments()
            if variant.deployment not in deployed:
                known = ", ".join(sorted(deployed))
                raise ComparisonError(f"`{variant.deployment}`: no such Deployment; there are {known}")
            return Prepared(variant)
        case Image():
            return Prepared(variant, DockerProvider(PlatformOptions()).image_id(variant.reference))
        case BaseUrl():
            return Prepared(variant)


@contextmanager
def started(
    pair: Mapping[SideName, Prepared], repository: Path, out: Path, stop: threading.Event, notify: Callable[[str], None]
) -> Iterator[Mapping[SideName, Services]]:
    """The services of both variants, up and ready; everything is ended and removed at the end.

    Raises GamedayError that names the variant which does not start, and Interrupted when `stop` is set before.
    """
    with ExitStack() as stack:
        services = {side: _services(each, repository, out / NAMES[side], stack, notify) for side, each in pair.items()}
        for each in services.values():
            stack.callback(each.down)
        _up(services, stop)
        yield services


def _services(
    prepared: Prepared, repository: Path, folder: Path, stack: ExitStack, notify: Callable[[str], None]
) -> Services:
    match prepared.variant:
        case Revision():
            source = stack.enter_context(worktree.checked_out(prepared.commit, repository, folder))
            return _from_source(source, folder / PLATFORM, prepared)
        case Checkout():
            return _from_source(prepared.variant.folder.resolve(), folder / PLATFORM, prepared)
        case Environment():
            overrides = {prepared.variant.deployment: prepared.variant.variables}
            return LocalPlatform(folder / PLATFORM, overrides=overrides)
        case Image():
            provider = DockerProvider(PlatformOptions())
            stack.enter_context(provider.session(folder, notify))
            return provider.of_image(folder / PLATFORM, prepared.variant.reference)
        case BaseUrl():
            return _Running(prepared.variant.url)


def _from_source(source: Path, folder: Path, prepared: Prepared) -> LocalPlatform:
    """A platform whose services and manifests are those of a source tree; the rest is this gameday's."""
    name = prepared.detail
    if not (source / "fakes" / "fork_server.py").is_file():
        raise ComparisonError(f"{name}: it has no fakes/fork_server.py, from which the local platform starts services")
    try:
        manifest.read(source / MANIFESTS)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, MachineError) as error:
        raise ComparisonError(f"{name}: the manifests in {MANIFESTS} cannot be read: {error}") from None
    env = shutil.which("env") or "env"
    fork_server = [env, f"PYTHONPATH={source}", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "fakes.fork_server"]
    return LocalPlatform(folder, manifests=source / MANIFESTS, fork_server=fork_server)


def _up(services: Mapping[SideName, Services], stop: threading.Event) -> None:
    """Start both at once. When one fails, or `stop` is set, end both and raise."""
    failed: SideName | None = None
    with ThreadPoolExecutor(len(services)) as pool:
        starts = {side: pool.submit(each.up) for side, each in services.items()}
        while wait(starts.values(), timeout=WAKE_S).not_done:
            failed = failed or _failed(starts)
            if failed or stop.is_set():
                for each in services.values():
                    each.down()
    if stop.is_set():
        raise Interrupted("interrupted while the services were being started; nothing was compared")
    failed = failed or _failed(starts)
    if failed:
        error = starts[failed].exception()
        if not isinstance(error, GamedayError):
            starts[failed].result()
        raise ComparisonError(f"the {NAMES[failed]} does not start: {error}") from error


def _failed(starts: Mapping[SideName, Future[None]]) -> SideName | None:
    """A side whose start has failed; the other one may fail later because it is ended."""
    return next((side for side, start in starts.items() if start.done() and start.exception()), None)
