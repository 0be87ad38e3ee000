"""A platform that is run by a daemon process: client of its control socket, with an operator's shell."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

from harness.cluster import kubectl_shim, manifest
from harness.errors import GamedayError, MachineError, PlatformError
from harness.http import Answer, call, connection_error
from harness.machine import operator_shell, process_ledger
from harness.machine.guard import Guard
from harness.machine.platform_state import (
    AdminPort,
    CommandResult,
    DeploymentState,
    Destination,
    ScrapeTarget,
    Shell,
)
from harness.machine.waiting import wait_until
from harness.platforms.control_client import DeploymentAnswer, PodAnswer, StateAnswer, request
from harness.platforms.kubectl import run_kubectl

DOWN_S, CALL_S = 5.0, 5.0
KEPT_VARIABLES = ("PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR")


class DaemonPlatform:
    """One platform in one folder. Implements base.Platform; thread-safe. Subclasses name the daemon.

    `overrides`: environment variables by Deployment, which replace the manifest's. `detach`: the platform outlives this
    process. `manifests`: folder of the manifests; None: the shipped ones.
    """

    name: str
    namespace = manifest.NAMESPACE
    module: str
    """Module of the daemon, run by `python -m`."""
    up_s: float
    """Time limit until every Deployment is ready."""
    down_s = DOWN_S
    remains: tuple[str, ...] = ("logs", "pods", "shell", "daemon.log", process_ledger.LEDGER)
    """Files and folders that remain in the folder of an ended platform."""

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
        manifests: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._manifests = manifests
        self._overrides, self._detach = overrides, detach
        self._daemon: subprocess.Popen[bytes] | None = None
        self._shell_lock = threading.Lock()

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """The detached platform that runs in `folder`. Raises PlatformError when it does not answer."""
        platform = cls(folder, detach=True)
        platform._state()
        return platform

    def arguments(self) -> Sequence[str]:
        """Additional arguments of the subclass' daemon."""
        return ()

    def environment(self) -> Mapping[str, str]:
        """Environment of the daemon, taken from this process."""
        return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}

    def recover(self) -> Sequence[str]:
        """End what a killed daemon left; returns a description of each. Idempotent."""
        return process_ledger.recover(self.folder)

    @staticmethod
    def check_machine() -> None:
        """Raises MachineError that names every missing tool."""
        operator_shell.check()

    def up(self) -> None:
        """Start the daemon and wait until every Deployment is ready.

        Raises MachineError when this machine lacks something, PlatformError when a Deployment does not become ready.
        """
        self.check_machine()
        self._check_overrides()
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / process_ledger.LEDGER).exists():
            raise PlatformError(
                f"{self.folder} already contains a platform; end it with `gameday down` or use another folder"
            )
        self._daemon = self._launch()
        try:
            self._await_ready(self._daemon)
        except BaseException:
            self.down()
            raise

    def _check_overrides(self) -> None:
        known = manifest.read(self._manifests).deployments.keys()
        if unknown := sorted(self._overrides.keys() - known):
            raise PlatformError(f"no such Deployment: {', '.join(unknown)}; there are {', '.join(sorted(known))}")

    def _launch(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", self.module, "--dir", str(self.folder), *self.arguments()]
        argv += ["--env", json.dumps({name: dict(env) for name, env in self._overrides.items()})]
        argv += ["--detach"] if self._detach else []
        argv += ["--manifests", str(self._manifests)] if self._manifests else []
        with (self.folder / "daemon.log").open("ab") as log:
            return subprocess.Popen(
                argv, stdin=subprocess.DEVNULL if self._detach else subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env={**self.environment(), "LANG": "C.UTF-8", process_ledger.MARK: str(self.folder)},
                start_new_session=True,
            )  # fmt: skip

    def _await_ready(self, daemon: subprocess.Popen[bytes]) -> None:
        """Read the daemon's messages until it is ready."""
        messages: queue.SimpleQueue[dict[str, str | bool]] = queue.SimpleQueue()
        threading.Thread(target=_read_messages, args=(daemon, messages), daemon=True).start()
        deadline_s = time.monotonic() + self.up_s
        while True:
            try:
                message = messages.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except queue.Empty:
                raise self._late() from None
            if "error" in message:
                raise self._failed(str(message["error"]), str(message.get("deployment", "")))
            if "ready" in message:
                return

    def _failed(self, why: str, deployment: str) -> GamedayError:
        """The error of a start that failed; `deployment`: the one that is the cause, "" when none is."""
        return MachineError(f"the {self.name} platform did not start: {why}")

    def _late(self) -> GamedayError:
        """The error of a start that took too long."""
        return PlatformError(f"not ready within {self.up_s:g} s: {self._unready()}")

    def _unready(self) -> str:
        """The Deployments with unready pods, each with the reason and the last line of its log."""
        with suppress(PlatformError):
            deployments = self._state()["deployments"]
            late = [(each["name"], pod["waiting"]) for each in deployments for pod in each["pods"] if not pod["ready"]]
            facts = [f"{name}: {why} {self._last_line(name)}" for name, why in late]
            return f"{'; '.join(facts)}; see {self.folder}"
        return f"its daemon does not answer; see {self.folder / 'daemon.log'}"

    def _last_line(self, deployment: str) -> str:
        lines = [line for path in self.log_files(deployment) for line in path.read_text(errors="replace").splitlines()]
        return lines[-1] if lines else "(nothing logged)"

    def down(self) -> None:
        """End the daemon and everything that it started; by its ledger when the daemon does not answer."""
        with suppress(PlatformError):
            self._request({"op": "down"})
        if self._daemon is not None:
            if self._daemon.stdin is not None:
                self._daemon.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._daemon.wait(self.down_s)
        else:
            self._await_end()
        self.recover()
        if self._daemon is not None:
            self._daemon.wait()

    def clear(self) -> None:
        """End the platform and delete its files, and no others, so that a new one can start in the folder."""
        self.down()
        for name in self.remains:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _await_end(self) -> None:
        daemons = [group for group in process_ledger.recorded(self.folder) if group.what == "daemon"]
        wait_until(lambda: not any(group.leader_lives() for group in daemons), self.down_s)

    def shell(self) -> Shell:
        """An operator's environment: the allowed tools, kubectl, and a curl that resolves this platform's Services."""
        home = self.folder / "shell"
        with self._shell_lock:
            if not home.exists():
                kubectl = (sys.executable, "-IS", kubectl_shim.__file__, str(self._socket))
                operator_shell.make_shell(home, kubectl, self._state()["addresses"], self.namespace)
        env = {"HOME": str(home / "home"), "CURL_HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb"}
        return Shell(path=str(home / "bin"), env={**env, process_ledger.MARK: str(self.folder)}, cwd=home / "home")

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        return run_kubectl(self.shell(), *argv, timeout_s=timeout_s)

    def state(self) -> Mapping[str, DeploymentState]:
        return {
            each["name"]: DeploymentState(
                name=each["name"],
                replicas=each["replicas"],
                ready=sum(pod["ready"] for pod in each["pods"]),
                env=each["env"],
                pods=tuple(pod["name"] for pod in each["pods"]),
                generation=each["generation"],
                protections=each["protections"],
            )
            for each in self._state()["deployments"]
        }

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        return manifest.read(self._manifests).environments()

    def services(self) -> Mapping[str, Sequence[int]]:
        return {name: [port["port"] for port in ports] for name, ports in self._state()["services"].items()}

    def destinations(self) -> Collection[Destination]:
        """The Services' addresses, and the socket of the daemon, which answers kubectl."""
        state = self._state()
        addresses = state["addresses"].items()
        services = [(address, port["port"]) for name, address in addresses for port in state["services"].get(name, ())]
        return [*services, str(self._socket)]

    def url(self, service: str) -> str:
        state = self._state()
        if service not in state["addresses"]:
            raise PlatformError(f"no such Service: {service}; there are {', '.join(sorted(state['addresses']))}")
        return f"http://{self.load_host(state, service)}:{state['services'][service][0]['port']}"

    def load_host(self, state: StateAnswer, service: str) -> str:
        """The host at which the load reaches a Service."""
        return state["addresses"][service]

    def health(self, deployment: str) -> Mapping[str, Answer]:
        found = self._deployment(deployment)
        return _answers(found["pods"], found["port"], found["health"])

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        found = self._deployment(deployment)
        running = [pod for pod in found["pods"] if not pod["waiting"]]
        return _answers(running, found["port"], found["metrics"]) if found["metrics"] else {}

    def scrape_targets(self) -> Sequence[ScrapeTarget]:
        return [
            ScrapeTarget(each["name"], pod["name"], f"{pod['ip']}:{each['port']}", each["metrics"])
            for each in self._state()["deployments"]
            for pod in each["pods"]
            if each["metrics"] and not pod["waiting"]
        ]

    def log_files(self, deployment: str) -> Sequence[Path]:
        """Log files of the oldest pod first, those of one pod in order of its restarts."""
        return sorted(
            (self.folder / "logs" / deployment).glob("*/*.log"),
            key=lambda path: (path.parent.stat().st_ctime, path.name),
        )

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        return [AdminPort(pod["name"], pod["admin"], pod["token"]) for pod in self._deployment(deployment)["pods"]]

    def fronts(self, service: str) -> Sequence[AdminPort]:
        front = self._state()["fronts"].get(service)
        return [AdminPort(f"the proxy of {service}", front["admin"], front["token"])] if front else []

    def stop_guard(self, pods: Sequence[str], max_duration_s: float) -> Guard:
        """A guard of harness.machine.guards.stop, or of that form, for the processes of the pods. Subclasses have it.

        Raises PlatformError when it does not start.
        """
        raise PlatformError(f"the processes of {', '.join(pods)} cannot be stopped on the {self.name} platform")

    def _deployment(self, deployment: str) -> DeploymentAnswer:
        for each in self._state()["deployments"]:
            if each["name"] == deployment:
                return each
        raise PlatformError(f"no such Deployment on the {self.name} platform: {deployment}")

    @property
    def _socket(self) -> Path:
        """Path of the control socket: through the link's target, because the path of a unix socket must be short."""
        with suppress(OSError):
            return (self.folder / "runtime").readlink() / "control.sock"
        raise PlatformError(f"no platform runs in {self.folder}; start one with `gameday up`")

    def _state(self) -> StateAnswer:
        state: StateAnswer = json.loads(self._request({"op": "state"}))
        return state

    def _request(self, message: Mapping[str, str]) -> bytes:
        return request(self._socket, message)


def _answers(pods: Sequence[PodAnswer], port: int, path: str) -> Mapping[str, Answer]:
    """The answer of each pod to a GET of `path`, by name; without a path, 200 for a connection. All at once."""

    def ask(pod: PodAnswer) -> Answer:
        if path:
            return call("GET", f"http://{pod['ip']}:{port}{path}", timeout_s=CALL_S)
        error = connection_error(pod["ip"], port, CALL_S)
        return Answer(0, "", error) if error else Answer(200, "")

    if not pods:
        return {}
    with ThreadPoolExecutor(len(pods)) as pool:
        return dict(zip((pod["name"] for pod in pods), pool.map(ask, pods), strict=True))


def _read_messages(daemon: subprocess.Popen[bytes], messages: queue.SimpleQueue[dict[str, str | bool]]) -> None:
    assert daemon.stdout is not None
    with daemon.stdout:
        for line in daemon.stdout:
            messages.put(json.loads(line))
    messages.put({"error": f"its daemon ended with status {daemon.wait()}"})
