"""State of the controllers: Deployments, their ReplicaSets, their Pods and the starts of their containers."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.cluster.container import Container
from harness.machine.objects import Obj, clone, environment, items, new_uid, number, section, strings, text

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
MARKS = 20_000
"""So many sizes of a log are remembered; what was written before the oldest of them counts as written then."""


@dataclass
class Run:
    """One start of a pod's container. Times are epoch seconds."""

    number: int
    log: Path
    container: Container
    started_s: float
    ended_s: float | None = None
    exit_code: int = 0
    marks: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=MARKS))
    """Sizes of the log, with the time at which each was first seen."""

    def mark(self) -> None:
        """Remember the present size of the log."""
        with suppress(FileNotFoundError):
            size = self.log.stat().st_size
            if size and (not self.marks or size > self.marks[-1][0]):
                self.marks.append((size, time.time()))

    def written_s(self, end: int) -> float:
        """When the log had its first `end` bytes, at the latest; now, if that was not seen yet."""
        place = bisect_left(self.marks, (end, 0.0))
        return self.marks[place][1] if place < len(self.marks) else time.time()


@dataclass
class Pod:
    """A pod from its creation to its removal. Times are epoch seconds."""

    name: str
    namespace: str
    owner: ReplicaSet
    template: Obj
    folder: Path
    ip: str = ""
    """Address at which other pods reach it; "" until known."""
    address: str = ""
    """Address at which the harness reaches it."""
    uid: str = field(default_factory=new_uid)
    created_s: float = field(default_factory=time.time)
    deleted_s: float | None = None
    ready: bool = False
    ready_changed_s: float = field(default_factory=time.time)
    runs: list[Run] = field(default_factory=list)
    waiting: str = "ContainerCreating"
    waiting_message: str = ""
    unhealthy: str = ""
    """Why its readiness probe failed the last time; "" if it did not."""
    unscheduled: str = ""
    """Why no node fits it; "" for a pod that has a node."""
    token: str = ""
    version: int = 1
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    @property
    def container(self) -> Obj:
        """The template's container."""
        return items(self.template, "spec", "containers")[0]

    @property
    def command(self) -> list[str]:
        """The command of the container; empty for one that runs what its image says."""
        command = self.container.get("command")
        return [str(word) for word in command] if isinstance(command, list) else []

    @property
    def arguments(self) -> list[str]:
        """The arguments of the command, or of the image's."""
        arguments = self.container.get("args")
        return [str(word) for word in arguments] if isinstance(arguments, list) else []

    @property
    def run(self) -> Run | None:
        """The start that is running; None if none is."""
        return self.runs[-1] if self.runs and self.runs[-1].ended_s is None else None

    @property
    def app(self) -> Path:
        """The folder that the pod sees as `/app`."""
        return self.folder / "app"

    @property
    def volume(self) -> Path:
        """The folder of the volume, if the pod has one and is a process: its variable POD_VOLUME."""
        return self.folder / "volume"

    @property
    def grace_s(self) -> float:
        """Seconds from SIGTERM to SIGKILL."""
        return number(self.template, "spec", "terminationGracePeriodSeconds", default=30)


@dataclass
class ReplicaSet:
    """A template of a Deployment, and the pods that were created from it."""

    name: str
    deployment: Deployment
    template: Obj
    revision: int
    replicas: int = 0
    pods: list[Pod] = field(default_factory=list)
    uid: str = field(default_factory=new_uid)
    created_s: float = field(default_factory=time.time)
    version: int = 1
    annotations: dict[str, str] = field(default_factory=dict)
    """The Deployment's annotations while this was its current template."""

    @property
    def hash(self) -> str:
        """Value of the label `pod-template-hash`."""
        return strings(section(self.template, "metadata", "labels"))[HASH]

    @property
    def staying(self) -> list[Pod]:
        """Its pods without the terminating ones."""
        return [pod for pod in self.pods if pod.deleted_s is None]

    @property
    def ready(self) -> int:
        """Number of ready pods."""
        return sum(pod.ready for pod in self.staying)


@dataclass
class Condition:
    """An entry of `status.conditions`."""

    type: str
    status: bool | None
    """None: unknown."""
    reason: str
    message: str
    changed_s: float = field(default_factory=time.time)
    updated_s: float = field(default_factory=time.time)


@dataclass
class Deployment:
    """A Deployment object without its status, and the state from which the status is computed."""

    manifest: Obj
    sets: list[ReplicaSet] = field(default_factory=list)
    observed: int = 0
    progressed_s: float = field(default_factory=time.time)
    conditions: dict[str, Condition] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return text(self.manifest, "metadata", "name")

    @property
    def namespace(self) -> str:
        return text(self.manifest, "metadata", "namespace")

    @property
    def replicas(self) -> int:
        return int(number(self.manifest, "spec", "replicas", default=1))

    @property
    def generation(self) -> int:
        return int(number(self.manifest, "metadata", "generation"))

    @property
    def template(self) -> Obj:
        return section(self.manifest, "spec", "template")

    @property
    def current(self) -> ReplicaSet | None:
        """The ReplicaSet of the current template; None until it is created."""
        return next((each for each in self.sets if without_hash(each.template) == without_hash(self.template)), None)

    @property
    def pods(self) -> list[Pod]:
        """All pods that are not terminating, oldest first."""
        return sorted((pod for each in self.sets for pod in each.staying), key=lambda pod: pod.created_s)

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations without the controller's own."""
        found = strings(section(self.manifest, "metadata", "annotations"))
        return {key: value for key, value in found.items() if key != REVISION}

    @property
    def env(self) -> dict[str, str]:
        """Environment variables of the current template."""
        return environment(self.template)

    @property
    def paused(self) -> bool:
        """Whether rollouts are paused."""
        return bool(section(self.manifest, "spec").get("paused"))


def without_hash(template: Obj) -> Obj:
    """A copy of a template without its ReplicaSet's hash, so that templates can be compared."""
    copy = clone(template)
    section(copy, "metadata", "labels").pop(HASH, None)
    return copy
