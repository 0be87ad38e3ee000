"""A platform in one namespace of a cluster, with Deployments created for each drill."""

from __future__ import annotations

import base64
import os
import secrets
import threading
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from harness.errors import PlatformError
from harness.http import Answer, call
from harness.machine.objects import Obj, protections, section, text
from harness.machine.platform_state import AdminPort, CommandResult, DeploymentState, Destination, Shell
from harness.machine.process_ledger import Ledger
from harness.machine.waiting import wait_until
from harness.platforms.base import Overrides
from harness.platforms.kubectl import run_kubectl
from harness.platforms.kubernetes import access, manifests, shell
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.forward import Forward
from harness.platforms.kubernetes.jobs import KubernetesJobs
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.objects import (
    DRILL,
    Pod,
    name_of,
    node_ports,
    plain_environment,
    whole,
    with_annotation,
    with_environment,
)
from harness.platforms.kubernetes.restore import redeploy
from harness.platforms.kubernetes.revert import RESTORE, RevertJournal
from harness.platforms.kubernetes.watching import EVENTS, Watching

PORT, ADMIN_PORT = 8080, 8081
ADMIN = "gameday-admin"
UP_S, REACH_S, PROXY_TIMEOUT_S = 90.0, 20.0, 5.0


class KubernetesPlatform:
    """One side of a drill. Implements base.Platform; thread-safe.

    Pods' logs, the namespace's events and the kubeconfigs are written to its folder.
    """

    name = "kubernetes"

    def __init__(self, folder: Path, cluster: ClusterRef, side: str, overrides: Overrides) -> None:
        self.folder, self._cluster, self._side, self._overrides = folder.resolve(), cluster, side, overrides
        self.namespace = manifests.NAMESPACES[side]
        self._drill = secrets.token_hex(4)
        self._forwards: dict[str, Forward] = {}
        self._forwarding = threading.Lock()
        self._connected = self._down = False
        self._closed = shell.Closed()

    def up(self) -> None:
        """Raises PlatformError when a Deployment does not become ready or another drill runs in this namespace."""
        try:
            self.connect()
            self._lease.acquire()
            self._revert.revert_objects()
            self._revert.arm(RESTORE, f"the Deployments of {self.namespace} as shipped")
            self._watching.start()
            self._deploy()
            self._await_pods()
            self._await_ports()
        except BaseException:
            self.down()
            raise
        if self._down:
            self.down()  # `down` was called during `up`, before everything existed

    def start_detached(self) -> None:
        """Deploy what is shipped, to explore: it outlives this process, and no drill is recorded."""
        self._drill = ""
        self.connect()
        if self.state().keys() != self._shipped.keys():
            self._watching.start()
            try:
                redeploy(self._api, self._side)
                self._await_pods()
            finally:
                self._watching.stop()
        self._await_ports()
        self._write_curlrc(self._ports)

    def connect(self) -> None:
        """Create credentials and the operator's shell; changes nothing in the cluster."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._shipped = manifests.deployments(self._side)
        if unknown := sorted(self._overrides.keys() - self._shipped.keys()):
            raise PlatformError(f"no such Deployment: {', '.join(unknown)}; there are {', '.join(self._shipped)}")
        admin = Api(self._cluster.kubeconfig, self._cluster.context)
        server = access.cluster_of(self._cluster.kubeconfig, self._cluster.context)
        for account in (access.HARNESS, access.OPERATOR):
            bearer = access.token(admin, self.namespace, account)
            access.write_kubeconfig(self._kubeconfig(account), server, self.namespace, account, bearer)
        admin.close()
        self._api = Api(self._kubeconfig(access.HARNESS))
        self._api_server = access.destination_of(server)
        self._lease, self._revert = Lease(self._api, self.namespace), RevertJournal(self._api, self.namespace)
        self._ports = node_ports(self._api.list(self._core("services")), self._shipped)
        self._shell = shell.make(self.folder / "shell", self._kubeconfig(access.OPERATOR))
        self._write_curlrc(self._ports)
        self._watching = Watching(
            self._api, self.namespace, self.folder, self._shipped, self._drill, self._pods_changed, self._pod_gone
        )
        self._connected = True

    def _kubeconfig(self, account: str) -> Path:
        return self.folder / f"{account}.kubeconfig"

    def _core(self, kind: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{kind}"

    @property
    def _apps(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    def _pods_changed(self) -> None:
        ready = {pod.app for pod in self._watching.pods() if pod.ready and not pod.ending}
        self._write_curlrc(ready)

    def _pod_gone(self, pod: str) -> None:
        """End the forwarding to a deleted pod, so that its port refuses connections."""
        if forward := self._forwards.pop(pod, None):
            forward.close()

    def _write_curlrc(self, reachable: Container[str]) -> None:
        """Map the Services with a ready pod; others refuse. A NodePort behind docker-proxy would accept and hang up."""
        places = {
            name: {port: f"{self._cluster.node}:{node}" for port, node in ports.items() if name in reachable}
            for name, ports in self._ports.items()
        }
        shell.write_curlrc(self.folder / "shell", self.namespace, places, self._closed.port)

    def _deploy(self) -> None:
        """Recreate every Deployment: one revision, and no faults, counters or logs from earlier."""
        for name, shipped in self._shipped.items():
            self._api.delete(f"{self._apps}/{name}")
            fresh = with_environment(shipped, self._overrides.get(name, {}))
            self._api.create(self._apps, with_annotation(fresh, DRILL, self._drill))

    def _await_pods(self) -> None:
        if not self._watching.wait_for(self._all_ready, UP_S):
            raise PlatformError(f"{self.namespace}: not ready within {UP_S:g} s: {self._unready()}")

    def _all_ready(self, pods: Sequence[Pod]) -> bool:
        ours = sorted(pod.app for pod in pods if pod.drill == self._drill and pod.ready and not pod.ending)
        wanted = {name: whole(shipped, "spec", "replicas") for name, shipped in self._shipped.items()}
        return ours == sorted(Counter(wanted).elements()) and len(pods) == len(ours)

    def _unready(self) -> str:
        late = [pod for pod in self._watching.pods() if not pod.ready or pod.ending]
        facts = [
            f"{pod.name}: {pod.waiting or ('terminating' if pod.ending else 'its health check fails')}" for pod in late
        ]
        return f"{'; '.join(facts) or 'pods are missing'}; see {self.folder / EVENTS}"

    def _await_ports(self) -> None:
        """Wait until every Service answers: kube-proxy follows the pods with a delay, and reports nothing."""
        if not wait_until(lambda: self._down or not self._unreachable(), REACH_S):
            raise PlatformError(f"{self._unreachable()}; see docs/how-to/kubernetes.md#addresses")

    def _unreachable(self) -> str:
        """Which Service does not answer, and why; "" when all do."""
        for service in self._ports:
            answer = call("GET", f"{self.url(service)}/health")
            if answer.status != 200:
                reason = answer.error or f"{answer.status} {answer.body}"
                return f"{self.url(service)}: {service} cannot be reached from here: {reason}"
        return ""

    def down(self) -> None:
        """Revert faults, delete the Deployments, end the watch. Idempotent, never raises, valid during `up`."""
        self._down = True
        if self._connected:
            self._watching.stop()
            for pod in tuple(self._forwards):
                self._pod_gone(pod)
            if self._lease.acquired:  # otherwise another drill uses the namespace
                self._clear()
                self._lease.release()
            for account in (access.HARNESS, access.OPERATOR):  # a run directory is shared with others
                self._kubeconfig(account).unlink(missing_ok=True)
        self._closed.close()

    def _clear(self) -> None:
        with suppress(PlatformError):
            self._revert.revert_objects()
            for name in self._shipped:
                self._api.delete(f"{self._apps}/{name}")

    def shell(self) -> Shell:
        return self._shell

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        return run_kubectl(self._shell, *argv, timeout_s=timeout_s)

    def state(self) -> Mapping[str, DeploymentState]:
        found = [one for one in self._api.list(self._apps) if name_of(one) in self._shipped]
        pods = self._staying()
        return {name_of(one): _state(one, [pod for pod in pods if pod.app == name_of(one)]) for one in found}

    def _staying(self) -> list[Pod]:
        """The namespace's pods that are not terminating, oldest first."""
        pods = [Pod.parse(one) for one in self._api.list(self._core("pods"))]
        return sorted((pod for pod in pods if not pod.ending), key=lambda pod: (pod.created, pod.name))

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        return {name: plain_environment(shipped) for name, shipped in self._shipped.items()}

    def services(self) -> Mapping[str, Sequence[int]]:
        return {name: list(ports) for name, ports in self._ports.items()}

    def destinations(self) -> Collection[Destination]:
        nodes = [(self._cluster.node, port) for ports in self._ports.values() for port in ports.values()]
        return [*nodes, self._api_server]

    def url(self, service: str) -> str:
        if service not in self._ports:
            raise PlatformError(f"no such Service: {service}; there are {', '.join(sorted(self._ports))}")
        return f"http://{self._cluster.node}:{next(iter(self._ports[service].values()))}"

    def health(self, deployment: str) -> Mapping[str, Answer]:
        return self._fetch(deployment, "/health")

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        return self._fetch(deployment, "/metrics")

    def _fetch(self, deployment: str, path: str) -> Mapping[str, Answer]:
        """GET `path` of each pod, through the API server, which reaches every pod."""
        names = [pod.name for pod in self._staying() if pod.app == deployment and pod.ran]
        if not names:
            return {}
        with ThreadPoolExecutor(len(names)) as pool:
            places = [f"{self._core('pods')}/{name}:{PORT}/proxy{path}" for name in names]
            answers = pool.map(lambda place: self._api.answer(place, PROXY_TIMEOUT_S), places)
            return dict(zip(names, answers, strict=True))

    def log_files(self, deployment: str) -> Sequence[Path]:
        return self._watching.logs.files(deployment)

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        if deployment not in self._shipped:
            raise PlatformError(f"no such Deployment in {self.namespace}: {deployment}")
        if self._down:  # the namespace belongs to the next drill
            raise PlatformError(f"the platform in {self.namespace} is down")
        secret = self._api.get(f"{self._core('secrets')}/{ADMIN}")
        token = base64.b64decode(text(secret, "data", "token")).decode()
        pods = [pod.name for pod in self._staying() if pod.app == deployment and pod.ran]
        return [AdminPort(name, self._forward(name, ADMIN_PORT), token) for name in pods]

    def fronts(self, service: str) -> Sequence[AdminPort]:
        """None: kube-proxy forwards connections in the kernel."""
        return ()

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
                forward = self._forwards[pod] = Forward(pod, port, env, Ledger(self.folder))
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
