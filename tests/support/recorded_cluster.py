"""An api.Cluster in memory, made of recorded objects, without processes."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
import shlex
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from harness.cluster.api import Invalid, NotFound, Usage
from harness.cluster.kubectl import run
from harness.machine.objects import Obj, items, section, text

T = TypeVar("T")
DATA = Path(__file__).parents[1] / "data" / "kubectl"


def recording(name: str) -> dict[str, Any]:
    """A recording of tests/data/kubectl/record.py."""
    with gzip.open(DATA / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
        return loaded


class Instant(asyncio.SelectorEventLoop):
    """An event loop that does not wait: its clock jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead_s = 0.0
        look = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout_s: float | None) -> Any:
            self._ahead_s += timeout_s or 0.0
            return look(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return super().time() + self._ahead_s


def at_once(call: Coroutine[Any, Any, T], limit_s: float = 600.0) -> T:
    """Run a call on an Instant loop; `limit_s` is a limit of the loop's own time."""
    with asyncio.Runner(loop_factory=Instant) as runner:
        return runner.run(asyncio.wait_for(call, limit_s))


class Ended:
    """A process that has ended, with its output."""

    def __init__(self, out: bytes, err: bytes, status: int) -> None:
        self.stdout, self.stderr, self._status, self.killed = _chunks(out), _chunks(err), status, False

    async def wait(self) -> int:
        return self._status

    def kill(self) -> None:
        self.killed = True


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


class World:
    """Objects by kind. Changes take effect at once and wake those who wait in `changed`."""

    server_version = "v1.36.3"

    def __init__(self, objects: Mapping[str, list[Obj]], logs: Mapping[str, str] | None = None) -> None:
        self.objects: dict[str, list[Obj]] = copy.deepcopy(dict(objects))
        self.logs = dict(logs or {})
        self.pod_usage: dict[str, dict[str, Usage]] = {}
        self.nodes_usage: dict[str, Usage] = {}
        self.programs: dict[tuple[str, ...], tuple[bytes, bytes, int]] = {}
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self._waiting: list[asyncio.Event] = []

    def list(self, kind: str, namespace: str | None) -> list[Obj]:
        found = [obj for obj in self.objects.get(kind, []) if namespace in (None, _meta(obj).get("namespace"))]
        return copy.deepcopy(found)

    def get(self, kind: str, namespace: str | None, name: str) -> Obj:
        return copy.deepcopy(self._find(kind, namespace, name))

    def _find(self, kind: str, namespace: str | None, name: str) -> Obj:
        for obj in self.objects.get(kind, []):
            if _meta(obj)["name"] == name and namespace in (None, _meta(obj).get("namespace")):
                return obj
        raise NotFound(kind, name)

    async def edit(
        self, kind: str, namespace: str, name: str, change: Callable[[Obj], Obj], why: str
    ) -> tuple[Obj, Obj]:
        assert why
        obj = self._find(kind, namespace, name)
        before, after = copy.deepcopy(obj), change(copy.deepcopy(obj))
        if isinstance(refusal := self.refuse(after), str):
            raise Invalid(f'Deployment.apps "{name}" is invalid: {refusal}')
        self.objects[kind][self.objects[kind].index(obj)] = after
        self.touch()
        return before, copy.deepcopy(after)

    @staticmethod
    def refuse(after: Obj) -> str | None:
        """The error message of a small part of the API server's validation; None if valid."""
        replicas = section(after, "spec").get("replicas", 0)
        if isinstance(replicas, int) and replicas < 0:
            return f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
        return None

    async def delete_pod(self, namespace: str, name: str, grace_s: float | None) -> None:
        self.asked.append(("delete", (name, grace_s)))
        pod = self._find("pods", namespace, name)
        self.objects["pods"].remove(pod)
        self.touch()

    async def undo(self, namespace: str, name: str, revision: int | None) -> tuple[Obj, Obj]:
        self.asked.append(("undo", (name, revision)))
        one = self.get("deployments", namespace, name)
        return one, one

    async def log(
        self, namespace: str, pod: str, *, previous: bool, follow: bool, tail: int | None, since_s: float | None
    ) -> AsyncIterator[bytes]:
        self.asked.append(("log", (pod, previous, follow, tail, since_s)))
        status = self._status(namespace, pod)
        ended, place = section(status, "lastState", "terminated"), f'container "{text(status, "name")}" in pod "{pod}"'
        if previous and not ended:
            raise Invalid(f"previous terminated {place} not found")
        if not ended and (why := text(status, "state", "waiting", "reason")):
            raise Invalid(f"{place} is waiting to start: {why}")
        lines = self.logs.get(pod, "").encode().splitlines(keepends=True)
        if since_s is not None and since_s < 10:
            lines = []
        for line in lines if tail is None else lines[len(lines) - tail :]:
            yield line

    async def execute(self, namespace: str, pod: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Ended:
        self.asked.append(("execute", (pod, tuple(argv), stdin, tty)))
        status = self._status(namespace, pod)
        if not section(status, "state", "running"):
            raise Invalid(f'unable to upgrade connection: container not found ("{text(status, "name")}")')
        if tuple(argv) not in self.programs:
            raise FileNotFoundError(argv[0])
        return Ended(*self.programs[tuple(argv)])

    def _status(self, namespace: str, pod: str) -> Obj:
        return next(iter(items(self.get("pods", namespace, pod), "status", "containerStatuses")), {})

    def usage(self, namespace: str) -> Mapping[str, Usage]:
        return self.pod_usage.get(namespace, {})

    def node_usage(self) -> Mapping[str, Usage]:
        return self.nodes_usage

    def touch(self) -> None:
        for waiter in self._waiting:
            waiter.set()

    async def changed(self, timeout_s: float) -> bool:
        waiter = asyncio.Event()
        self._waiting.append(waiter)
        try:
            return await asyncio.wait_for(waiter.wait(), timeout_s)
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiter)


def _meta(obj: Obj) -> dict[str, Any]:
    meta = obj["metadata"]
    assert isinstance(meta, dict)
    return meta


class Output:
    """What a call wrote, as it was written."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {1: b"", 2: b""}
        self.status: int | None = None

    async def take(self, stream: int, data: bytes) -> None:
        self.parts[stream] += data

    @property
    def stdout(self) -> str:
        return self.parts[1].decode()

    @property
    def stderr(self) -> str:
        return self.parts[2].decode()


async def kubectl(
    world: World, line: str, *, now_s: float = 0.0, stdin: bytes | None = None, tty: bool = False
) -> Output:
    """One call, at a given time."""
    output = Output()
    output.status = await run(shlex.split(line), world, output.take, stdin, tty, now=lambda: now_s)
    return output
