"""`kubectl logs`: of a pod, of a Deployment's first pod, or of all pods that a selector matches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from harness.cluster.api import Invalid
from harness.cluster.kubectl import pod_selection
from harness.cluster.kubectl.errors import Failure, from_server
from harness.cluster.kubectl.human_units import epoch
from harness.cluster.kubectl.pod_serializer import container_names
from harness.cluster.kubectl.resources import targets
from harness.cluster.kubectl.session import POD, Session
from harness.machine.objects import Obj, text

USAGE = """expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.
POD or TYPE/NAME is a required argument for the logs command"""
POD_WAIT_S = 20.0
SELECTOR_TAIL = 10
RETRY_S = 1.0


@dataclass(frozen=True)
class Stream:
    """The log of one container, with the options of the flags."""

    pod: Obj
    container: str

    @property
    def name(self) -> str:
        return text(self.pod, "metadata", "name")


async def logs(session: Session) -> int:
    """Print the logs, or follow them until the pods are gone. Return the exit status."""
    _check_arguments(session)
    tail, since_s = _tail(session), _since(session)
    pods = await _pods(session)
    streams = [stream for pod in pods for stream in await _streams(session, pod)]
    if session.flags.flag("follow") and len(streams) > (limit := session.flags.number("max-log-requests", 5)):
        raise Failure(
            f"error: you are attempting to follow {len(streams)} log streams, but maximum allowed concurrency is"
            f" {limit}, use --max-log-requests to increase the limit"
        )
    if session.flags.flag("follow"):
        async with asyncio.TaskGroup() as group:
            for stream in streams:
                group.create_task(_copy(session, stream, tail, since_s))
    else:
        for stream in streams:
            await _copy(session, stream, tail, since_s)
    return 0


def _check_arguments(session: Session) -> None:
    args, flags = session.args, session.flags
    if len(args) > 2 or (not args and not flags.text("selector")):
        raise session.misuse(USAGE)
    if args and flags.text("selector"):
        raise session.misuse("only a selector (-l) or a POD name is allowed")
    if flags.flag("all-containers") and _container(session):
        raise Failure(f"error: --all-containers=true should not be specified with container name {_container(session)}")
    if flags.has("container") and len(args) == 2:
        raise Failure("error: only one of -c or an inline [CONTAINER] arg is allowed")


def _container(session: Session) -> str:
    return session.args[1] if len(session.args) == 2 else session.flags.text("container")


def _tail(session: Session) -> int | None:
    tail = session.flags.number("tail", -1)
    if tail < -1:
        raise Failure("error: --tail must be greater than or equal to -1")
    if tail == -1:
        return SELECTOR_TAIL if session.flags.text("selector") and not session.flags.has("tail") else None
    return tail


def _since(session: Session) -> float | None:
    since_s, since_time = session.flags.seconds("since", 0.0), session.flags.text("since-time")
    if since_s and since_time:
        raise Failure("error: at most one of `sinceTime` or `sinceSeconds` may be specified")
    if since_s < 0:
        raise Failure("error: --since must be greater than 0")
    if not since_time:
        return float(round(since_s)) or None
    try:
        return max(0.0, session.now() - epoch(since_time))
    except ValueError as error:
        layout = "2006-01-02T15:04:05Z07:00"
        raise Failure(
            f'error: parsing time "{since_time}" as "{layout}": cannot parse "{since_time}" as "2006"'
        ) from error


async def _pods(session: Session) -> Sequence[Obj]:
    if not session.args:
        found = [item.obj for item in session.list(POD)]
        if not found:
            await session.none_found([POD])
        return found
    name = session.args[0]
    target = targets([name if "/" in name else f"pods/{name}"], every=False)[0]
    try:
        item = session.get(target.resource, target.name)
    except Failure as failure:
        message = str(failure).removeprefix("Error from server (NotFound): ")
        raise Failure(f'error: error from server (NotFound): {message} in namespace "{session.namespace}"') from failure
    if item.resource == POD:
        return [item.obj]
    chosen = pod_selection.selector(item)
    if chosen is None:
        kind = f"*v1.{item.resource.kind}"
        raise Failure(f"error: cannot get the logs from {kind}: selector for {kind} not implemented")
    pods = await pod_selection.pods_behind(session, chosen, session.flags.seconds("pod-running-timeout", POD_WAIT_S))
    if session.flags.flag("all-pods"):
        return pods
    if len(pods) > 1:
        await session.warn(f"Found {len(pods)} pods, using pod/{text(pods[0], 'metadata', 'name')}")
    return pods[:1]


async def _streams(session: Session, pod: Obj) -> list[Stream]:
    if session.flags.flag("all-containers"):
        return [Stream(pod, name) for name in container_names(pod)]
    name, notice = pod_selection.container(pod, _container(session))
    if notice and not session.flags.flag("all-pods"):
        await session.warn(notice)
    return [Stream(pod, name)]


async def _copy(session: Session, stream: Stream, tail: int | None, since_s: float | None) -> None:
    """Copy one log to stdout, with the prefix and timestamps that the flags select."""
    previous = session.flags.flag("previous")
    prefix = f"[pod/{stream.name}/{stream.container}] " if _prefixed(session) else ""
    left, stamp = session.flags.number("limit-bytes", 0) or None, ""
    namespace = text(stream.pod, "metadata", "namespace")
    follow = session.flags.flag("follow")

    def read() -> AsyncIterator[bytes]:
        return session.cluster.log(namespace, stream.name, previous=previous, follow=follow, tail=tail, since_s=since_s)

    async for line in _retried(session, read) if follow else _refusals(read()):
        stamp = _time(line) or stamp
        shown = f"{stamp} ".encode() + line if stamp and session.flags.flag("timestamps") else line
        await session.out(1, prefix.encode() + shown[:left])
        if left is not None and (left := left - len(shown)) <= 0:
            break


async def _retried(session: Session, read: Callable[[], AsyncIterator[bytes]]) -> AsyncIterator[bytes]:
    """The log lines. As kubectl 1.36 does with -f, print a refusal and ask again, once a second and without end."""
    while True:
        try:
            async for line in read():
                yield line
            return
        except Invalid as error:
            await session.warn(str(error))
        await asyncio.sleep(RETRY_S)


async def _refusals(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The log lines. Raises kubectl's error when the API server refuses them (a container that never ran)."""
    try:
        async for line in lines:
            yield line
    except Invalid as error:
        raise from_server("BadRequest", str(error)) from error


def _prefixed(session: Session) -> bool:
    return session.flags.flag("prefix") or session.flags.flag("all-pods")


def _time(line: bytes) -> str:
    """The timestamp in a log line; the platform does not record one of its own."""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return text(entry, "time") if isinstance(entry, dict) else ""
