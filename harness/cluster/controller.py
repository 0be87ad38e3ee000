"""The Deployment controller: brings ReplicaSets and Pods to what the manifest says, a bounded number at a time.

Level-triggered, as in Kubernetes: `reconcile` looks at what is, does the next safe thing, and is called again after
every change. So edits during a rollout need no case of their own: the newest template wins.
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
        self._endings: set[asyncio.Task[None]] = set()

    def reconcile(self, each: Deployment) -> None:
        """One step towards the manifest; cheap and without effect when everything is as it should be."""
        before = self._shape(each)
        current = each.current if each.paused else self._current(each)
        others = [one for one in each.sets if one is not current]
        if current is not None:
            current.notes |= each.notes  # what the Deployment loses stays, as in Kubernetes
        if text(each.manifest, "spec", "strategy", "type") == "Recreate":
            self._recreate(each, current, others)
        else:
            self._roll(each, current, others)
        for one in each.sets:
            self._fill(one)
        each.observed = each.generation
        if self._shape(each) != before:
            each.progressed_s = time.time()
        self._judge(each, current)
        self._forget(each, others)

    def delete(self, pod: Pod, grace_s: float | None = None) -> None:
        """Begin to end a pod; its ReplicaSet makes another one if it still wants as many."""
        if pod.deleted_s is not None:
            return
        pod.deleted_s, pod.ready = time.time(), False
        ending = asyncio.create_task(self._end(pod, pod.grace_s if grace_s is None else grace_s))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        self._touch()

    async def _end(self, pod: Pod, grace_s: float) -> None:
        await self._kubelet.stop(pod, grace_s)
        pod.owner.pods.remove(pod)
        self._touch()

    def _current(self, each: Deployment) -> ReplicaSet:
        """The ReplicaSet of the newest template, with the highest revision; made when it does not exist."""
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
        """New pods up to `maxSurge` too many, old ones down to `maxUnavailable` too few."""
        if current is None or not any(one.replicas for one in others):
            self._scale(current or max(others, key=lambda one: one.revision), each.replicas)
            return
        surge, unavailable = self._bounds(each)
        total = sum(one.replicas for one in each.sets)
        room = max(0, each.replicas + surge - total)
        self._scale(current, min(each.replicas, current.replicas + room))
        spare = self._spare(each, current, unavailable)
        for one in sorted(others, key=lambda one: one.revision):
            sick = min(one.replicas - one.ready, one.replicas, spare)
            self._scale(one, one.replicas - sick)
            spare -= sick
        spare = min(spare, sum(one.ready for one in each.sets) - (each.replicas - unavailable))
        for one in sorted(others, key=lambda one: one.revision):
            fewer = max(0, min(one.replicas, spare))
            self._scale(one, one.replicas - fewer)
            spare -= fewer

    @staticmethod
    def _bounds(each: Deployment) -> tuple[int, int]:
        """`maxSurge`, rounded up, and `maxUnavailable`, rounded down; never both nought."""
        rolling = section(each.manifest, "spec", "strategy", "rollingUpdate")
        surge = share(rolling.get("maxSurge", "25%"), each.replicas, up=True)
        unavailable = share(rolling.get("maxUnavailable", "25%"), each.replicas, up=False)
        return surge, unavailable if surge or unavailable else 1

    @staticmethod
    def _spare(each: Deployment, current: ReplicaSet, unavailable: int) -> int:
        """How many old pods may go now, counting new ones that are not ready yet as missing."""
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
        """As many pods as the ReplicaSet wants; the unready and then the youngest go first."""
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
    def _shape(each: Deployment) -> tuple[object, ...]:
        """What counts as progress when it changes."""
        return (each.observed, *((one.name, one.replicas, len(one.staying), one.ready) for one in each.sets))

    def _judge(self, each: Deployment, current: ReplicaSet | None) -> None:
        """`status.conditions`: Available and Progressing."""
        ready = sum(one.ready for one in each.sets)
        if ready >= each.replicas - self._bounds(each)[1]:
            good = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            self._conclude(each, "Available", True, *good)
        else:
            bad = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
            self._conclude(each, "Available", False, *bad)
        if each.paused:
            self._conclude(each, "Progressing", None, "DeploymentPaused", "Deployment is paused")
        elif current is not None and not self._complete(each, current):
            self._judge_progress(each, current)

    @staticmethod
    def _complete(each: Deployment, current: ReplicaSet) -> bool:
        """Was this template rolled out before? Then a scaling is no rollout."""
        said = each.conditions.get("Progressing")
        rolled_out = (
            said is not None and said.reason == "NewReplicaSetAvailable" and f'"{current.name}"' in said.message
        )
        return rolled_out and len(current.staying) == len(each.pods)

    def _judge_progress(self, each: Deployment, current: ReplicaSet) -> None:
        done = current.ready == each.replicas == len(each.pods)
        limit = number(each.manifest, "spec", "progressDeadlineSeconds", default=600)
        subject = f'ReplicaSet "{current.name}"'
        if done:
            message = f"{subject} has successfully progressed."
            self._conclude(each, "Progressing", True, "NewReplicaSetAvailable", message)
        elif time.time() - each.progressed_s > limit:
            message = f"{subject} has timed out progressing."
            self._conclude(each, "Progressing", False, "ProgressDeadlineExceeded", message)
        else:
            self._conclude(each, "Progressing", True, "ReplicaSetUpdated", f"{subject} is progressing.")

    def _conclude(self, each: Deployment, kind: str, status: bool | None, reason: str, message: str) -> None:
        old = each.conditions.get(kind)
        if old is not None and (old.status, old.reason, old.message) == (status, reason, message):
            return
        changed = old.changed_s if old is not None and old.status == status else time.time()
        each.conditions.pop(kind, None)  # what changed last stands last
        each.conditions[kind] = Condition(kind, status, reason, message, changed_s=changed)
        self._touch()

    @staticmethod
    def _forget(each: Deployment, others: list[ReplicaSet]) -> None:
        """Keep the history that `revisionHistoryLimit` allows; while a rollout is on its way, all of it."""
        if not each.paused and any(one.pods for one in others):
            return
        limit = int(number(each.manifest, "spec", "revisionHistoryLimit", default=10))
        idle = sorted((one for one in others if not one.replicas and not one.pods), key=lambda one: one.revision)
        for one in idle[: max(0, len(others) - limit)]:
            each.sets.remove(one)
