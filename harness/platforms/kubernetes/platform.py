"""A platform in one namespace of a cluster, with Deployments created for each drill."""

from __future__ import annotations

import base64
import os
import secrets
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import PlatformError
from harness.http import Answer
from harness.machine.objects import Obj, items, protections, section, strings, text
from harness.machine.platform_state import (
    AdminPort,
    CommandResult,
    DeploymentState,
    Destination,
    ScrapeTarget,
    Shell,
)
from harness.machine.waiting import wait_until
from harness.platforms.base import Overrides
from harness.platforms.kubectl import run_kubectl
from harness.platforms.kubernetes import access, shell
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.asking import Asking
from harness.platforms.kubernetes.before import Before
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.entrances import Entrances
from harness.platforms.kubernetes.forward import Forward
from harness.platforms.kubernetes.jobs import KubernetesJobs
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.objects import (
    DRILL,
    Pod,
    name_of,
    plain_environment,
    whole,
    with_annotation,
    with_environment,
)
from harness.platforms.kubernetes.readiness import await_pods
from harness.platforms.kubernetes.release import Release, entrances_of, path_of
from harness.platforms.kubernetes.revert import RevertJournal
from harness.platforms.kubernetes.scraping import Scraping
from harness.platforms.kubernetes.watching import Watching

ADMIN_PORT = 8081
ADMIN = "gameday-admin"
REACH_S = 20.0


class KubernetesPlatform:
    """One side of a drill. Implements base.Platform; thread-safe.

    Pods' logs, the namespace's events and the kubeconfigs are written to its folder.
    """

    name = "kubernetes"

    def __init__(self, folder: Path, cluster: ClusterRef, release: Release, overrides: Overrides) -> None:
        self.folder, self._cluster, self._overrides = folder.resolve(), cluster, overrides
        self._release, self.namespace = release, release.namespace
        self._drill = secrets.token_hex(4)
        self._forwards: dict[str, Forward] = {}
        self._forwarding = threading.Lock()
        self._connected = self._down = False

    def up(self) -> None:
        """Raises StartError or PlatformError when a Deployment does not become ready or another drill runs in this
        namespace."""
        try:
            self.connect()
            self._lease.acquire()
            self._revert.revert_objects()
            self._before.keep(path_of(each) for each in self._release.deployments.values())
            self._watching.start()
            self._deploy()
            await_pods(self._watching, self._release, self._drill, self.folder)
            self._await_ports()
        except BaseException:
            self.down()
            raise
        if self._down:
            self.down()  # `down` was called during `up`, before everything existed

    def start_detached(self) -> None:
        """Deploy what is declared, to explore: it outlives this process, and no drill is recorded."""
        self._drill = ""
        self.connect()
        if not self._deployed_here():
            self._watching.start()
            try:
                self._deploy()
                await_pods(self._watching, self._release, self._drill, self.folder)
            finally:
                self._watching.stop()
        self._entrances.follow(self._staying())
        self._await_ports()
        self._entrances.open_all()

    def _deployed_here(self) -> bool:
        """Whether every Deployment is there, and is one that a platform has created."""
        found = {name_of(one): section(one, "spec", "template") for one in self._api.list(self._apps)}
        ours = {name for name, template in found.items() if DRILL in section(template, "metadata", "annotations")}
        return self._release.deployments.keys() <= ours

    def connect(self) -> None:
        """Create credentials and the operator's shell; changes nothing in the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if unknown := sorted(self._overrides.keys() - self._release.deployments.keys()):
            known = ", ".join(self._release.deployments)
            raise PlatformError(f"no such Deployment: {', '.join(unknown)}; there are {known}")
        server = access.cluster_of(self._cluster.kubeconfig, self._cluster.context)
        self._api = self._credentials(server)
        self._api_server = access.destination_of(server)
        self._lease, self._revert = Lease(self._api, self.namespace), RevertJournal(self._api, self.namespace)
        self._before, self._asking = Before(self._api, self.namespace), Asking(self._api, self._release)
        account = self._cluster if self._release.own else ClusterRef(self._kubeconfig(access.HARNESS))
        self._scraping = Scraping(self._release, account, self.folder)
        home = self.folder / "shell"
        self._shell = shell.make(home, self._kubeconfig(self._operator))
        node = "" if self._release.own else self._cluster.node
        self._entrances = Entrances(self._release, self._api.list(self._core("services")), node, home)
        self._watching = Watching(
            self._api, self.namespace, self.folder, self._release.deployments, self._drill,
            self._pods_changed, self._pod_gone,
        )  # fmt: skip
        self._connected = True

    def _credentials(self, server: Obj) -> Api:
        """Write the operator's kubeconfig, and connect as the harness: as the user for services of the user."""
        user = Api(self._cluster.kubeconfig, self._cluster.context)
        for account in self._accounts:
            bearer = access.token(user, self.namespace, account)
            access.write_kubeconfig(self._kubeconfig(account), server, self.namespace, account, bearer)
        if self._release.own:
            return user
        user.close()
        return Api(self._kubeconfig(access.HARNESS))

    @property
    def _operator(self) -> str:
        return access.OWN_OPERATOR if self._release.own else access.OPERATOR

    @property
    def _accounts(self) -> Sequence[str]:
        return (self._operator,) if self._release.own else (access.HARNESS, self._operator)

    def _kubeconfig(self, account: str) -> Path:
        return self.folder / f"{account}.kubeconfig"

    def _core(self, kind: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{kind}"

    @property
    def _apps(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    def _pods_changed(self) -> None:
        self._entrances.follow(self._watching.pods())

    def _pod_gone(self, pod: str) -> None:
        """End the forwarding to a deleted pod, so that its port refuses connections."""
        if forward := self._forwards.pop(pod, None):
            forward.close()

    def _deploy(self) -> None:
        """Recreate every Deployment: one revision, and no faults, counters or logs from earlier."""
        for name, declared in self._release.deployments.items():
            self._api.delete(f"{self._apps}/{name}")
            fresh = with_environment(declared, self._overrides.get(name, {}))
            self._api.create(self._apps, with_annotation(fresh, DRILL, self._drill))

    def _await_ports(self) -> None:
        """Wait until every Service answers: kube-proxy follows the pods with a delay, and reports nothing."""
        if not wait_until(lambda: self._down or not self._unreachable(), REACH_S):
            raise PlatformError(self._unreachable())

    def _unreachable(self) -> str:
        return self._entrances.unreachable(self._staying())

    def down(self) -> None:
        """Revert faults, delete the Deployments, end the watch. Idempotent, never raises, valid during `up`."""
        self._down = True
        if not self._connected:
            return
        self._watching.stop()
        self._scraping.close()
        for pod in tuple(self._forwards):
            self._pod_gone(pod)
        if self._lease.acquired:  # otherwise another drill uses the namespace
            self._clear()
            self._lease.release()
        for account in self._accounts:  # a run directory is shared with others
            self._kubeconfig(account).unlink(missing_ok=True)
        self._entrances.close()

    def _clear(self) -> None:
        with suppress(PlatformError):
            self._revert.revert_objects()
            for name in self._release.deployments:
                self._api.delete(f"{self._apps}/{name}")

    def shell(self) -> Shell:
        return self._shell

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        return run_kubectl(self._shell, *argv, timeout_s=timeout_s)

    def state(self) -> Mapping[str, DeploymentState]:
        found = [one for one in self._api.list(self._apps) if name_of(one) in self._release.deployments]
        pods = self._staying()
        return {name_of(one): _state(one, [pod for pod in pods if pod.app == name_of(one)]) for one in found}

    def _staying(self) -> list[Pod]:
        """The namespace's pods that are not terminating, oldest first."""
        pods = [Pod.parse(one) for one in self._api.list(self._core("pods"))]
        return sorted((pod for pod in pods if not pod.ending), key=lambda pod: (pod.created, pod.name))

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        return {name: plain_environment(declared) for name, declared in self._release.deployments.items()}

    def services(self) -> Mapping[str, Sequence[int]]:
        return self._entrances.ports()

    def destinations(self) -> Collection[Destination]:
        return [*self._entrances.destinations(), self._api_server]

    def url(self, service: str) -> str:
        return self._entrances.url(service)

    def health(self, deployment: str) -> Mapping[str, Answer]:
        return self._asking.health(deployment, self._running(deployment))

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        return self._asking.metrics(deployment, self._running(deployment))

    def _running(self, deployment: str) -> list[Pod]:
        return [pod for pod in self._staying() if pod.app == deployment and pod.ran]

    def scrape_targets(self) -> Sequence[ScrapeTarget]:
        return self._scraping.targets(self._watching.pods())

    def log_files(self, deployment: str) -> Sequence[Path]:
        return self._watching.logs.files(deployment)

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        if deployment not in self._release.deployments:
            raise PlatformError(f"no such Deployment in {self.namespace}: {deployment}")
        if self._down:  # the namespace belongs to the next drill
            raise PlatformError(f"the platform in {self.namespace} is down")
        if self._release.own:
            return ()
        secret = self._api.get(f"{self._core('secrets')}/{ADMIN}")
        token = base64.b64decode(text(secret, "data", "token")).decode()
        return [AdminPort(pod.name, self._forward(pod.name, ADMIN_PORT), token) for pod in self._running(deployment)]

    def fronts(self, service: str) -> Sequence[AdminPort]:
        """None: kube-proxy forwards connections in the kernel."""
        return ()

    def labels(self, deployment: str) -> Mapping[str, str]:
        """The labels by which a Deployment selects its pods. Raises PlatformError for one that is not there."""
        if deployment not in self._release.deployments:
            raise PlatformError(f"no such Deployment in {self.namespace}: {deployment}")
        return strings(section(self._release.deployments[deployment], "spec", "selector", "matchLabels"))

    def address(self, deployment: str) -> tuple[str, int]:
        """The name and port of a Service that leads to a Deployment. Raises PlatformError when none does."""
        for service in entrances_of(self._release, deployment):
            return name_of(service), whole(next(iter(items(service, "spec", "ports")), {}), "port")
        raise PlatformError(f"no Service in {self.namespace} leads to the pods of {deployment}")

    def jobs(self) -> KubernetesJobs:
        """Runs one Job of the harness in this namespace."""
        return KubernetesJobs(self._api, self.namespace, self._revert, self._forward)

    def create_object(self, path: str, body: Mapping[str, object], why: str) -> None:
        """Create an object that any machine can revert; see RevertJournal.create_object."""
        self._revert.create_object(path, body, why)

    def delete_object(self, path: str) -> None:
        """Delete an object that `create_object` created; `path` ends with its name. Idempotent."""
        self._revert.delete_object(path)

    def _forward(self, pod: str, port: int) -> str:
        """The URL on loopback of a pod's port. kubectl ends a forwarding when a connection to the pod fails."""
        with self._forwarding:
            forward = self._forwards.get(pod)
            if forward is None or forward.ended:
                env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder)}
                env["KUBECONFIG"] = str(self._kubeconfig(access.HARNESS))
                forward = self._forwards[pod] = Forward(pod, port, env, self.folder)
        if self._down:
            self._pod_gone(pod)
        return forward.url


def _state(deployment: Obj, pods: Sequence[Pod]) -> DeploymentState:
    return DeploymentState(
        name=name_of(deployment),
        replicas=whole(deployment, "spec", "replicas"),
        ready=sum(pod.ready for pod in pods),
        env=plain_environment(deployment),
        pods=tuple(pod.name for pod in pods),
        generation=whole(deployment, "metadata", "generation"),
        protections=protections(section(deployment, "spec", "template")),
    )
