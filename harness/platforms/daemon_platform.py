"""A platform of our own as the harness sees it: a daemon process, its control socket, an operator's shell."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

from harness.cluster import manifest
from harness.errors import MachineError, PlatformError
from harness.http import Answer, call
from harness.machine import operator_shell, process_ledger
from harness.machine.loopback import PORT
from harness.machine.platform_state import AdminPort, CommandResult, DeploymentState, Shell
from harness.platforms.control_client import PodShown, StateShown, ask
from harness.platforms.kubectl import run_kubectl

DOWN_S, CALL_S = 5.0, 5.0
KEEP = ("PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR")


class DaemonPlatform:
    """One platform in one folder, run by a daemon. Implements base.Platform; thread-safe.

    `overrides` are environment values by Deployment, in place of the manifest's. With `detach` it outlives this
    process. A member says which daemon it is.
    """

    name: str
    namespace = manifest.NAMESPACE
    module: str
    """What `python -m` runs."""
    up_s: float
    """How long it may take until every Deployment is ready, in seconds."""
    down_s = DOWN_S
    leaves: tuple[str, ...] = ("logs", "pods", "shell", "daemon.log", process_ledger.LEDGER)
    """Files and folders that an ended platform leaves in its folder."""

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
    ) -> None:
        self.folder = folder.resolve()
        self._overrides, self._detach = overrides, detach
        self._daemon: subprocess.Popen[bytes] | None = None
        self._shell_lock = threading.Lock()

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """The platform that `up` with `detach` left in `folder`; raises PlatformError when it does not answer."""
        platform = cls(folder, detach=True)
        platform._state()
        return platform

    def arguments(self) -> Sequence[str]:
        """What the member's own daemon is told besides."""
        return ()

    def environment(self) -> Mapping[str, str]:
        """What the daemon gets of this process' environment."""
        return {name: os.environ[name] for name in KEEP if name in os.environ}

    def recover(self) -> Sequence[str]:
        """End whatever the daemon left behind when it could not do it itself; says what."""
        return process_ledger.recover(self.folder)

    @staticmethod
    def check_machine() -> None:
        """Raises MachineError that names every tool this machine lacks."""
        operator_shell.check()

    def up(self) -> None:
        """Raises MachineError for what this machine lacks, PlatformError for what does not become ready."""
        self.check_machine()
        self._check_overrides()
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / process_ledger.LEDGER).exists():
            raise PlatformError(
                f"{self.folder} holds a platform already; `gameday down` ends it, another folder starts another"
            )
        self._daemon = self._launch()
        try:
            self._await_ready(self._daemon)
        except BaseException:
            self.down()
            raise

    def _check_overrides(self) -> None:
        known = manifest.read().deployments.keys()
        if unknown := sorted(self._overrides.keys() - known):
            raise PlatformError(f"no such Deployment: {', '.join(unknown)}; there are {', '.join(sorted(known))}")

    def _launch(self) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", self.module, "--dir", str(self.folder), *self.arguments()]
        argv += ["--env", json.dumps({name: dict(env) for name, env in self._overrides.items()})]
        argv += ["--detach"] if self._detach else []
        with (self.folder / "daemon.log").open("ab") as log:
            return subprocess.Popen(
                argv, stdin=subprocess.DEVNULL if self._detach else subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env={**self.environment(), "LANG": "C.UTF-8"}, start_new_session=True,
            )  # fmt: skip

    def _await_ready(self, daemon: subprocess.Popen[bytes]) -> None:
        """Follow what the daemon says until it is ready."""
        said: queue.SimpleQueue[dict[str, str | bool]] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(daemon, said), daemon=True).start()
        deadline = time.monotonic() + self.up_s
        while True:
            try:
                message = said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise PlatformError(f"not ready within {self.up_s:g} s: {self._unready()}") from None
            if "error" in message:
                raise MachineError(f"the {self.name} platform did not start: {message['error']}")
            if "ready" in message:
                return

    def _unready(self) -> str:
        """Which Deployments are missing pods, and the last words of their logs."""
        with suppress(PlatformError):
            deployments = self._state()["deployments"]
            late = [(each["name"], pod["waiting"]) for each in deployments for pod in each["pods"] if not pod["ready"]]
            words = [f"{name}: {why} {self._last_line(name)}" for name, why in late]
            return f"{'; '.join(words)}; see {self.folder}"
        return f"its daemon does not answer; see {self.folder / 'daemon.log'}"

    def _last_line(self, deployment: str) -> str:
        lines = [line for path in self.log_files(deployment) for line in path.read_text(errors="replace").splitlines()]
        return lines[-1] if lines else "(nothing logged)"

    def down(self) -> None:
        """Ends the daemon and all that it started; when the daemon cannot do it any more, by its ledger."""
        with suppress(PlatformError):
            self._ask({"op": "down"})
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
        """Remove what an ended platform left in its folder, so that the next one can start there; nothing else."""
        self.down()
        for name in self.leaves:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _await_end(self) -> None:
        daemons = [group for group in process_ledger.recorded(self.folder) if group.what == "daemon"]
        deadline = time.monotonic() + self.down_s
        while any(group.leader_lives() for group in daemons) and time.monotonic() < deadline:
            time.sleep(0.02)

    def shell(self) -> Shell:
        """An operator's environment: allowed tools, kubectl, names of this platform's Services in curl."""
        home = self.folder / "shell"
        with self._shell_lock:
            if not home.exists():
                operator_shell.make_shell(home, self._socket, self._state()["addresses"], self.namespace)
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
            )
            for each in self._state()["deployments"]
        }

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        return manifest.read().environments()

    def services(self) -> Mapping[str, Sequence[int]]:
        return {name: [port["port"] for port in ports] for name, ports in self._state()["services"].items()}

    def url(self, service: str) -> str:
        addresses = self._state()["addresses"]
        if service not in addresses:
            raise PlatformError(f"no such Service: {service}; there are {', '.join(sorted(addresses))}")
        return f"http://{addresses[service]}:{PORT}"

    def health(self, deployment: str) -> Mapping[str, Answer]:
        return self._fetch(deployment, "/health")

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        return self._fetch(deployment, "/metrics")

    def _fetch(self, deployment: str, path: str) -> Mapping[str, Answer]:
        pods = self._pods(deployment)
        if not pods:
            return {}
        with ThreadPoolExecutor(len(pods)) as pool:
            urls = [f"http://{pod['ip']}:{PORT}{path}" for pod in pods]
            answers = pool.map(lambda url: call("GET", url, timeout_s=CALL_S), urls)
            return {pod["name"]: answer for pod, answer in zip(pods, answers, strict=True)}

    def log_files(self, deployment: str) -> Sequence[Path]:
        """Oldest pod first, each pod's restarts in order."""
        return sorted(
            (self.folder / "logs" / deployment).glob("*/*.log"),
            key=lambda path: (path.parent.stat().st_ctime, path.name),
        )

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        return [AdminPort(pod["name"], pod["admin"], pod["token"]) for pod in self._pods(deployment)]

    def _pods(self, deployment: str) -> Sequence[PodShown]:
        for each in self._state()["deployments"]:
            if each["name"] == deployment:
                return each["pods"]
        raise PlatformError(f"no such Deployment on the {self.name} platform: {deployment}")

    @property
    def _socket(self) -> Path:
        """Short, because a unix socket's path must be: the link's target, not the link."""
        with suppress(OSError):
            return (self.folder / "runtime").readlink() / "control.sock"
        raise PlatformError(f"no platform runs in {self.folder}: start one with `gameday up`")

    def _state(self) -> StateShown:
        state: StateShown = json.loads(self._ask({"op": "state"}))
        return state

    def _ask(self, request: Mapping[str, str]) -> bytes:
        return ask(self._socket, request)


def _listen(daemon: subprocess.Popen[bytes], said: queue.SimpleQueue[dict[str, str | bool]]) -> None:
    assert daemon.stdout is not None
    for line in daemon.stdout:
        said.put(json.loads(line))
    said.put({"error": f"its daemon ended with status {daemon.wait()}"})
