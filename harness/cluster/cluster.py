"""The small cluster: implements `api.Cluster` on a Deployment controller, a kubelet and objects that never change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from harness.cluster import admission, logs, serializers
from harness.cluster.api import Invalid, NotFound, Process, Usage
from harness.cluster.controller import Controller
from harness.cluster.events import Events
from harness.cluster.kubelet import Kubelet
from harness.cluster.runtime import Runtime
from harness.cluster.state import HASH, REVISION, Deployment, Pod, ReplicaSet, without_hash
from harness.cluster.static_objects import SERVER_VERSION
from harness.cluster.usage import Meter
from harness.machine.objects import Obj, clone, labels, section, strings, text

PLURALS = {
    "deployments": "deployments.apps",
    "replicasets": "replicasets.apps",
    "ingresses": "ingresses.networking.k8s.io",
    "networkpolicies": "networkpolicies.networking.k8s.io",
}
log = logging.getLogger(__name__)
KINDS = {"deployments": "Deployment.apps", "pods": "Pod"}
"""Kinds as the messages of the API server name them."""


class ControlPlane:
    """Implements api.Cluster. Not thread-safe: all calls come from one event loop. All returned objects are copies."""

    server_version = SERVER_VERSION

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        self.deployments: dict[str, Deployment] = {}
        self.static_objects: dict[str, list[Obj]] = {}
        self.services: dict[str, Obj] = {}
        self._changed = asyncio.Event()
        self._reconcile_due = False
        self._version = 1
        self._events = Events(self.touch)
        self._runtime = runtime
        self._kubelet = Kubelet(folder, runtime, self._events, self.touch, self._node_labels)
        self._controller = Controller(folder, self._kubelet, self._events, self.touch)
        self._meter = Meter()
        self._closed = False

    def touch(self) -> None:
        """Report a change: wakes `changed`, and schedules a reconciliation after the current event."""
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()
        if not self._reconcile_due:
            self._reconcile_due = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def close(self) -> None:
        """End all reconciliation; the containers keep running."""
        self._closed = True
        self._kubelet.close()

    def _reconcile(self) -> None:
        self._reconcile_due = False
        if not self._closed:
            for each in self.deployments.values():
                self._controller.reconcile(each)

    async def tick(self) -> None:
        """Once a second, without end: measure usage and logs, and reconcile because deadlines may have passed."""
        while True:
            for pod in self.pods():
                if pod.run is not None:
                    pod.run.mark()
            self._meter.sample(await self._runtime.readings(pod for pod in self.pods() if pod.run is not None))
            self._reconcile()
            await asyncio.sleep(1.0)

    def pods(self) -> list[Pod]:
        """All pods, terminating ones included, sorted by name."""
        found = [pod for each in self.deployments.values() for one in each.sets for pod in one.pods]
        return sorted(found, key=lambda pod: pod.name)

    def list(self, kind: str, namespace: str | None) -> Sequence[Obj]:
        found = self._objects(kind)
        return [one for one in found if namespace is None or text(one, "metadata", "namespace") in ("", namespace)]

    def get(self, kind: str, namespace: str | None, name: str) -> Obj:
        for one in self.list(kind, namespace):
            if text(one, "metadata", "name") == name:
                return one
        raise NotFound(PLURALS.get(kind, kind), name)

    def _objects(self, kind: str) -> Sequence[Obj]:
        deployments = self.deployments.values()
        shown: dict[str, Callable[[], Iterable[Obj]]] = {
            "pods": lambda: (serializers.pod(pod, self._runtime.node) for pod in self.pods()),
            "deployments": lambda: map(serializers.deployment, deployments),
            "replicasets": lambda: (serializers.replicaset(one) for each in deployments for one in each.sets),
            "events": self._events.newest,
            "endpoints": lambda: (
                serializers.endpoints(one, self._selected(one), self._runtime.node) for one in self.services.values()
            ),
            "services": lambda: map(clone, self.services.values()),
        }
        return list(shown[kind]()) if kind in shown else [clone(one) for one in self.static_objects.get(kind, ())]

    def _node_labels(self) -> Mapping[str, str]:
        nodes = self.static_objects.get("nodes", ())
        return {key: value for node in nodes for key, value in strings(section(node, "metadata", "labels")).items()}

    def _selected(self, service: Obj) -> Sequence[Pod]:
        wanted = strings(section(service, "spec", "selector")).items()
        return [pod for pod in self.pods() if pod.deleted_s is None and wanted <= pod.labels.items()]

    async def edit(
        self, kind: str, namespace: str, name: str, change: Callable[[Obj], Obj], why: str
    ) -> tuple[Obj, Obj]:
        before = self.get(kind, namespace, name)
        after = change(clone(before))
        admission.metadata(KINDS.get(kind, kind), after)
        if kind == "deployments":
            self._edit_deployment(self.deployments[name], before, after)
        elif kind == "pods":
            self._label_pod(self._pod(namespace, name), before, after)
        else:
            admission.metadata_only(kind, before, after)
            self._replace(kind, before, after)
        log.info("edit %s/%s: %s", kind, name, why)
        self.touch()
        self._reconcile()
        return before, self.get(kind, namespace, name)

    def _edit_deployment(self, each: Deployment, before: Obj, after: Obj) -> None:
        admission.deployment(before, after)
        old, new = each.manifest, clone(after)
        del new["status"]
        meta = section(new, "metadata")
        changed = new.get("spec") != old.get("spec")
        kept = {key: section(old, "metadata")[key] for key in ("name", "namespace", "uid", "creationTimestamp")}
        meta.update({**kept, "generation": each.generation + changed, "resourceVersion": str(self._version)})
        each.manifest = new

    @staticmethod
    def _label_pod(pod: Pod, before: Obj, after: Obj) -> None:
        admission.metadata_only("pods", before, after)
        wanted = strings(section(after, "metadata", "labels"))
        selected = {
            **strings(section(pod.owner.deployment.manifest, "spec", "selector", "matchLabels")),
            HASH: pod.owner.hash,
        }
        if not selected.items() <= wanted.items():
            raise Invalid(f"this platform cannot take a pod out of its ReplicaSet: {', '.join(selected)} must stay")
        pod.labels, pod.annotations = wanted, strings(section(after, "metadata", "annotations"))
        pod.version += 1

    def _replace(self, kind: str, before: Obj, after: Obj) -> None:
        if kind == "services":
            self.services[text(before, "metadata", "name")] = clone(after)
        elif before in self.static_objects.get(kind, ()):
            objects = self.static_objects[kind]
            objects[objects.index(before)] = clone(after)
        else:
            raise Invalid(f"this platform cannot change {kind}")

    async def delete_pod(self, namespace: str, name: str, grace_s: float | None) -> None:
        self._controller.delete(self._pod(namespace, name), grace_s)

    async def undo(self, namespace: str, name: str, revision: int | None) -> tuple[Obj, Obj]:
        self.get("deployments", namespace, name)
        target = self._revision(self.deployments[name], revision)

        def back(one: Obj) -> Obj:
            section(one, "spec")["template"] = without_hash(target.template)
            own = {
                key: value for key, value in strings(section(one, "metadata", "annotations")).items() if key == REVISION
            }
            section(one, "metadata")["annotations"] = labels({**own, **target.annotations})
            return one

        return await self.edit("deployments", namespace, name, back, f"rollout undo to revision {target.revision}")

    @staticmethod
    def _revision(each: Deployment, revision: int | None) -> ReplicaSet:
        history = sorted(each.sets, key=lambda one: one.revision)
        if revision:
            for one in history:
                if one.revision == revision:
                    return one
            raise Invalid(f"unable to find specified revision {revision} in history")
        if len(history) < 2:
            raise Invalid(f'no rollout history found for deployment "{each.name}"')
        return history[-2]

    def _pod(self, namespace: str, name: str) -> Pod:
        for pod in self.pods():
            if pod.name == name and pod.namespace == namespace:
                return pod
        raise NotFound("pods", name)

    async def log(
        self, namespace: str, pod: str, *, previous: bool, follow: bool, tail: int | None, since_s: float | None
    ) -> AsyncIterator[bytes]:
        found = self._pod(namespace, pod)
        runs = found.runs
        if previous and len(runs) < 2 and (not runs or runs[-1].ended_s is None):
            container = text(found.container, "name")
            raise Invalid(f'previous terminated container "{container}" in pod "{pod}" not found')
        if not runs:
            raise Invalid(
                f'container "{text(found.container, "name")}" in pod "{pod}" is waiting to start: {found.waiting}'
            )
        run = [each for each in runs if each.ended_s is not None][-1] if previous else runs[-1]
        async for line in logs.read(run, follow=follow and not previous, tail=tail, since_s=since_s):
            yield line

    async def execute(
        self, namespace: str, pod: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool
    ) -> Process:
        found = self._pod(namespace, pod)
        if found.run is None:
            container = text(found.container, "name")
            raise Invalid(f'unable to upgrade connection: container not found ("{container}")')
        return await self._runtime.execute(found, argv, stdin=stdin, tty=tty)

    def usage(self, namespace: str) -> Mapping[str, Usage]:
        names = {pod.name for pod in self.pods() if pod.namespace == namespace}
        return {name: usage for name, usage in self._meter.pods.items() if name in names}

    def node_usage(self) -> Mapping[str, Usage]:
        return {
            text(node, "metadata", "name"): self._meter.node
            for node in self.static_objects.get("nodes", ())
            if self._meter.node
        }

    async def changed(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    def settled(self) -> bool:
        """Whether every Deployment has its current template and number of pods, all ready."""
        return all(
            each.observed == each.generation and len(each.pods) == each.replicas
            and (current := each.current) is not None and current.ready == each.replicas
            for each in self.deployments.values()
        )  # fmt: skip
