"""The Deployment controller: changes ReplicaSets and Pods until they match the Deployment, a few pods at a time.

Level-triggered, as in Kubernetes: `reconcile` compares the current with the wanted state, does the next safe step, and
is called again after every change. So edits during a rollout are no special case: the newest template wins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from harness.cluster import serializers
from harness.cluster.events import Events
from harness.cluster.kubelet import Kubelet
from harness.cluster.state import HASH, REVISION, Condition, Deployment, Pod, ReplicaSet
from harness.machine.objects import clone, labels, number, section, share, strings, suffix, template_hash, text

SOURCE = "deployment-controller"


class Controller:
    """Reconciles Deployments; `touch` is called after every change it makes."""

    def __init__(self, folder: Path, kubelet: Kubelet, events: Events, touch: Callable[[], None]) -> None:
        self._folder, self._kubelet, self._events, self._touch = folder, kubelet, events, touch
        self._terminating: set[asyncio.Task[None]] = set()

    def reconcile(self, each: Deployment) -> None:
        """Do the next step towards the wanted state; no effect when it is reached."""
        before = self._progress(each)
        current = each.current if each.paused else self._current(each)
        others = [one for one in each.sets if one is not current]
        if current is not None:
            current.annotations |= each.annotations  # annotations that the Deployment loses stay, as in Kubernetes
        if text(each.manifest, "spec", "strategy", "type") == "Recreate":
            self._recreate(each, current, others)
        else:
            self._roll(each, current, others)
        for one in each.sets:
            self._fill(one)
        each.observed = each.generation
        if self._progress(each) != before:
            each.progressed_s = time.time()
        self._update_conditions(each, current)
        self._prune(each, others)

    def delete(self, pod: Pod, grace_s: float | None = None) -> None:
        """Begin to terminate a pod; its ReplicaSet creates a new one if it wants as many pods."""
        if pod.deleted_s is not None:
            return
        pod.deleted_s, pod.ready = time.time(), False
        termination = asyncio.create_task(self._end(pod, pod.grace_s if grace_s is None else grace_s))
        self._terminating.add(termination)
        termination.add_done_callback(self._terminating.discard)
        self._touch()

    async def _end(self, pod: Pod, grace_s: float) -> None:
        await self._kubelet.stop(pod, grace_s)
        pod.owner.pods.remove(pod)
        self._touch()

    def _current(self, each: Deployment) -> ReplicaSet:
        """The ReplicaSet of the current template, created if necessary, with the highest revision."""
        newest = max((one.revision for one in each.sets), default=0)
        current = each.current
        if current is None:
            current = self._new_set(each, newest + 1)
        elif current.revision < newest:
            current.revision = newest + 1
            current.version += 1
            each.progressed_s = time.time()
        section(each.manifest, "metadata").setdefault("annotations", {})
        section(each.manifest, "metadata", "annotations")[REVISION] = str(current.revision)
        return current

    def _new_set(self, each: Deployment, revision: int) -> ReplicaSet:
        template = clone(each.template)
        digest = template_hash(template)
        meta = section(template, "metadata")
        meta["labels"] = labels({**strings(meta.get("labels")), HASH: digest})
        made = ReplicaSet(f"{each.name}-{digest}", each, template, revision)
        each.sets.append(made)
        self._touch()
        return made

    def _recreate(self, each: Deployment, current: ReplicaSet | None, others: list[ReplicaSet]) -> None:
        for one in others:
            self._scale(one, 0)
        if current is not None and not any(one.pods for one in others):
            self._scale(current, each.replicas)

    def _roll(self, each: Deployment, current: ReplicaSet | None, others: list[ReplicaSet]) -> None:
        """Rolling update: at most `maxSurge` pods too many and `maxUnavailable` too few."""
        if current is None or not any(one.replicas for one in others):
            self._scale(current or max(others, key=lambda one: one.revision), each.replicas)
            return
        surge, unavailable = self._bounds(each)
        total = sum(one.replicas for one in each.sets)
        room = max(0, each.replicas + surge - total)
        self._scale(current, min(each.replicas, current.replicas + room))
        spare = self._spare(each, current, unavailable)
        for one in sorted(others, key=lambda one: one.revision):
            unready = min(one.replicas - one.ready, one.replicas, spare)
            self._scale(one, one.replicas - unready)
            spare -= unready
        spare = min(spare, sum(one.ready for one in each.sets) - (each.replicas - unavailable))
        for one in sorted(others, key=lambda one: one.revision):
            fewer = max(0, min(one.replicas, spare))
            self._scale(one, one.replicas - fewer)
            spare -= fewer

    @staticmethod
    def _bounds(each: Deployment) -> tuple[int, int]:
        """`maxSurge`, rounded up, and `maxUnavailable`, rounded down, in pods; never both zero."""
        rolling = section(each.manifest, "spec", "strategy", "rollingUpdate")
        surge = share(rolling.get("maxSurge", "25%"), each.replicas, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), each.replicas, up=False)
        return surge, unavailable if surge or unavailable else 1

    @staticmethod
    def _spare(each: Deployment, current: ReplicaSet, unavailable: int) -> int:
        """How many old pods may be removed now; new pods that are not ready count as missing."""
        total = sum(one.replicas for one in each.sets)
        return max(0, total - (each.replicas - unavailable) - max(0, current.replicas - current.ready))

    def _scale(self, one: ReplicaSet, replicas: int) -> None:
        if one.replicas == replicas:
            return
        verb, was, one.replicas = "up" if replicas > one.replicas else "down", one.replicas, replicas
        one.version += 1
        message = f"Scaled {verb} replica set {one.name} from {was} to {replicas}"
        self._events.record(serializers.deployment(one.deployment), "Normal", "ScalingReplicaSet", message, SOURCE)

    def _fill(self, one: ReplicaSet) -> None:
        """Create or delete pods up to the wanted number; unready ones are deleted first, then the youngest."""
        staying = one.staying
        for _ in range(one.replicas - len(staying)):
            self._create(one)
        surplus = sorted(staying, key=lambda pod: (pod.ready, -pod.created_s))
        for pod in surplus[: max(0, len(staying) - one.replicas)]:
            message = f"Deleted pod: {pod.name}"
            self._events.record(
                serializers.replicaset(one), "Normal", "SuccessfulDelete", message, "replicaset-controller"
            )
            self.delete(pod)

    def _create(self, one: ReplicaSet) -> None:
        name = f"{one.name}-{suffix()}"
        meta = section(one.template, "metadata")
        pod = Pod(
            name, one.deployment.namespace, one, clone(one.template), self._folder / "pods" / name,
            labels=strings(meta.get("labels")), annotations=strings(meta.get("annotations")),
        )  # fmt: skip
        one.pods.append(pod)
        message = f"Created pod: {name}"
        self._events.record(serializers.replicaset(one), "Normal", "SuccessfulCreate", message, "replicaset-controller")
        self._kubelet.start(pod)

    @staticmethod
    def _progress(each: Deployment) -> tuple[object, ...]:
        """Values whose change counts as progress."""
        return (each.observed, *((one.name, one.replicas, len(one.staying), one.ready) for one in each.sets))

    def _update_conditions(self, each: Deployment, current: ReplicaSet | None) -> None:
        """Update the conditions Available and Progressing."""
        ready = sum(one.ready for one in each.sets)
        if ready >= each.replicas - self._bounds(each)[1]:
            good = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            self._set_condition(each, "Available", True, *good)
        else:
            bad = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
            self._set_condition(each, "Available", False, *bad)
        if each.paused:
            self._set_condition(each, "Progressing", None, "DeploymentPaused", "Deployment is paused")
        elif current is not None and not self._complete(each, current):
            self._update_progressing(each, current)

    @staticmethod
    def _complete(each: Deployment, current: ReplicaSet) -> bool:
        """Whether this template has been rolled out before; then scaling is not a rollout."""
        progressing = each.conditions.get("Progressing")
        rolled_out = (
            progressing is not None
            and progressing.reason == "NewReplicaSetAvailable"
            and f'"{current.name}"' in progressing.message
        )
        return rolled_out and len(current.staying) == len(each.pods)

    def _update_progressing(self, each: Deployment, current: ReplicaSet) -> None:
        done = current.ready == each.replicas == len(each.pods)
        limit = number(each.manifest, "spec", "progressDeadlineSeconds", default=600)
        subject = f'ReplicaSet "{current.name}"'
        if done:
            message = f"{subject} has successfully progressed."
            self._set_condition(each, "Progressing", True, "NewReplicaSetAvailable", message)
        elif time.time() - each.progressed_s > limit:
            message = f"{subject} has timed out progressing."
            self._set_condition(each, "Progressing", False, "ProgressDeadlineExceeded", message)
        else:
            self._set_condition(each, "Progressing", True, "ReplicaSetUpdated", f"{subject} is progressing.")

    def _set_condition(self, each: Deployment, kind: str, status: bool | None, reason: str, message: str) -> None:
        old = each.conditions.get(kind)
        if old is not None and (old.status, old.reason, old.message) == (status, reason, message):
            return
        changed = old.changed_s if old is not None and old.status == status else time.time()
        each.conditions.pop(kind, None)  # the condition that changed last is listed last
        each.conditions[kind] = Condition(kind, status, reason, message, changed_s=changed)
        self._touch()

    @staticmethod
    def _prune(each: Deployment, others: list[ReplicaSet]) -> None:
        """Delete old ReplicaSets beyond `revisionHistoryLimit`; none during a rollout."""
        if not each.paused and any(one.pods for one in others):
            return
        limit = int(number(each.manifest, "spec", "revisionHistoryLimit", default=10))
        idle = sorted((one for one in others if not one.replicas and not one.pods), key=lambda one: one.revision)
        for one in idle[: max(0, len(others) - limit)]:
            each.sets.remove(one)
