"""Use cases `up` and `down`: a platform that stays up for exploration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import bindings
from harness.app.members import DEFAULT_PLATFORM, PLATFORMS, make_provider, options_for
from harness.errors import BindingError, MachineError
from harness.platforms.base import Platform, PlatformOptions, Provider

DEFAULT_DIR = Path("runs/platform")
PLATFORM_FILE = "platform.txt"
"""The file in a platform's directory with the platform's name."""
_SHELL_VARIABLES = ("CURL_HOME", "KUBECONFIG")


@dataclass(frozen=True)
class PlatformChoice:
    """Which platform, and its options."""

    name: str | None = None
    """None: the platform that is already in the directory, else `local`."""
    options: PlatformOptions = field(default_factory=PlatformOptions)


@dataclass(frozen=True)
class UpRequest:
    """Which platform to start, and the directory that it lives in."""

    platform: PlatformChoice = field(default_factory=PlatformChoice)
    folder: Path = DEFAULT_DIR
    bindings: Path | None = None
    """The file whose `services` run; None: `gameday.yaml` in the working directory, else the shipped services."""


@dataclass(frozen=True)
class DownRequest:
    """The directory of the platform to end."""

    platform: PlatformChoice = field(default_factory=PlatformChoice)
    folder: Path = DEFAULT_DIR


@dataclass(frozen=True)
class LoadTarget:
    """A scenario of the bindings, and the Service that it is for."""

    scenario: str
    service: str
    port: int
    url: str
    """The Service's address on this machine."""

    @property
    def file(self) -> str:
        """The scenario as an argument of locust: a file of the user's, or a shipped one."""
        return self.scenario if self.scenario.endswith(".py") else f"scenarios/{self.scenario}.py"


@dataclass(frozen=True)
class UpResult:
    """How to use a platform that is up."""

    path: str
    """What to put in front of PATH: `kubectl` and the allowed tools."""
    environment: Mapping[str, str]
    """Variables that a shell must export, without PATH."""
    namespace: str
    pods: str
    """The output of `kubectl get pods`."""
    urls: Mapping[str, str]
    """The address of each Service on this machine."""
    loads: tuple[LoadTarget, ...]
    """What the bindings drive load on; empty without usable bindings."""


def up(request: UpRequest, notify: Callable[[str], None] = lambda line: None) -> UpResult:
    """Start a platform that outlives this process, or find the one in the directory. Idempotent.

    Raises BindingError for bindings that cannot be read or are invalid, MachineError when the machine lacks something,
    PlatformError when the platform does not come up.
    """
    options = options_for(bindings.load(bindings.find(Path(), request.bindings)), request.platform.options)
    provider = _provider_in(request.folder, replace(request.platform, options=options))
    provider.check()
    request.folder.mkdir(parents=True, exist_ok=True)
    (request.folder / PLATFORM_FILE).write_text(f"{provider.name}\n", encoding="utf-8")
    return _result(provider.start_detached(request.folder, notify), request.bindings)


def down(request: DownRequest, notify: Callable[[str], None] = lambda line: None) -> None:
    """End the platform in a directory. Raises MachineError when there is none."""
    folder = request.folder
    if not folder.is_dir():
        raise MachineError(f"{folder}: there is no platform here; `gameday up` starts one")
    _provider_in(folder, request.platform).destroy(folder)
    (folder / PLATFORM_FILE).unlink(missing_ok=True)
    notify(f"the platform in {folder} has ended")


def _provider_in(folder: Path, choice: PlatformChoice) -> Provider:
    """The provider of the platform in the directory; raises MachineError when another platform is named."""
    existing = _platform_in(folder)
    provider = make_provider(choice.name or existing or DEFAULT_PLATFORM, choice.options)
    if existing is not None and existing != provider.name:
        fix = f"end it with `gameday down --dir {folder}`, or name another --dir"
        raise MachineError(f"{folder}: a {existing} platform is here already; {fix}")
    return provider


def _platform_in(folder: Path) -> str | None:
    try:
        name = (folder / PLATFORM_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return name if name in PLATFORMS else None


def _result(platform: Platform, named: Path | None) -> UpResult:
    shell = platform.shell()
    return UpResult(
        path=shell.path,
        environment={name: shell.env[name] for name in _SHELL_VARIABLES if name in shell.env},
        namespace=platform.namespace,
        pods=platform.kubectl("get", "pods", "-n", platform.namespace).stdout,
        urls={service: platform.url(service) for service in platform.services()},
        loads=tuple(dict.fromkeys(_load_targets(platform, named))),
    )


def _load_targets(platform: Platform, named: Path | None) -> Iterator[LoadTarget]:
    try:
        bound = bindings.load(bindings.find(Path(), named))
    except BindingError:
        return
    services = platform.services()
    for runbook in bound.runbooks.values():
        if runbook.service in services and runbook.load is None:
            port, url = services[runbook.service][0], platform.url(runbook.service)
            yield LoadTarget(runbook.scenario, runbook.service, port, url)
