"""`kubectl exec`: runs a command in a pod."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

from harness.cluster.api import Invalid, Process
from harness.cluster.kubectl import pod_selection
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.resources import targets
from harness.cluster.kubectl.session import POD, Session
from harness.machine.objects import Obj, section, text

POD_WAIT_S = 60.0
NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file"
NOT_STARTED = (
    "error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in"
    ' container: failed to start exec "{id}": OCI runtime exec failed: exec failed: unable to start container process:'
    ' exec: "{program}": {why}'
)


async def execute(session: Session) -> int:
    """Return the command's exit status, or 1 when it cannot be started."""
    before = session.args[: session.flags.dash] if session.flags.dash is not None else session.args
    argv = session.args[len(before) :]
    if not before:
        raise Failure("error: pod, type/name or --filename must be specified")
    if session.flags.dash is None and len(before) > 1:
        raise session.misuse("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
    if not argv:
        raise Failure("error: you must specify at least one command for the container")
    pod = await _pod(session, before[0])
    _, notice = pod_selection.container(pod, session.flags.text("container"))
    if notice and not session.flags.flag("quiet"):
        await session.warn(notice)
    _check_running(pod)
    tty = await _tty(session)
    return await _run(session, await _start(session, pod, argv, tty))


async def _pod(session: Session, name: str) -> Obj:
    target = targets([name if "/" in name else f"pods/{name}"], every=False)[0]
    item = session.get(target.resource, target.name)
    if item.resource == POD:
        return item.obj
    chosen = pod_selection.selector(item)
    if chosen is None:
        raise Failure(
            f"error: cannot attach to *v1.{item.resource.kind}: selector for *v1.{item.resource.kind} not implemented"
        )
    return (await pod_selection.pods_behind(session, chosen, session.flags.seconds("pod-running-timeout", POD_WAIT_S)))[
        0
    ]


async def _tty(session: Session) -> bool:
    """Whether to use a terminal: -t and -i are given and stdin is one. As in kubectl, only -i causes the warning."""
    if not session.flags.flag("tty") or not session.flags.flag("stdin"):
        return False
    if not session.tty and not session.flags.flag("quiet"):
        await session.warn(NO_TERMINAL)
    return session.tty


def _check_running(pod: Obj) -> None:
    name = text(pod, "metadata", "name")
    if text(pod, "status", "phase") in ("Succeeded", "Failed"):
        phase = text(pod, "status", "phase")
        raise Failure(f"error: cannot exec into a container in a completed pod; current phase is {phase}")
    if not text(pod, "spec", "nodeName"):
        raise Failure(f"error: unable to upgrade connection: pod {name} does not have a host assigned")


async def _start(session: Session, pod: Obj, argv: list[str], tty: bool) -> Process:
    stdin = session.stdin if session.flags.flag("stdin") else None
    meta = section(pod, "metadata")
    try:
        return await session.cluster.execute(text(meta, "namespace"), text(meta, "name"), argv, stdin=stdin, tty=tty)
    except FileNotFoundError as error:
        program = argv[0]
        why = f"stat {program}: no such file or directory" if "/" in program else "executable file not found in $PATH"
        raise Failure(NOT_STARTED.format(id=secrets.token_hex(32), program=program, why=why)) from error
    except Invalid as error:
        raise Failure(f"error: {error}") from error


async def _run(session: Session, process: Process) -> int:
    """Copy both streams until they end. Kills the command when the caller disconnects. Return its exit status."""
    try:
        await asyncio.gather(_copy(session, 1, process.stdout), _copy(session, 2, process.stderr))
        status = await process.wait()
    except BaseException:
        process.kill()
        raise
    if status:
        await session.warn(f"command terminated with exit code {status}")
    return status


async def _copy(session: Session, stream: int, source: AsyncIterator[bytes]) -> None:
    async for chunk in source:
        await session.out(stream, chunk)
