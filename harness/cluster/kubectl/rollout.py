"""`kubectl rollout`: restart, status, pause, resume (history and undo are in history.py)."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable

from harness.cluster.kubectl.changes import each, edit, report
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.resources import Target, targets
from harness.cluster.kubectl.session import DEPLOYMENT, Item, Session
from harness.machine.objects import Obj, items, number, section, text

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
REVISION = "deployment.kubernetes.io/revision"


def named_targets(session: Session) -> list[Target]:
    """The objects of a rollout command; a type without names means all of them."""
    if not session.args:
        raise Failure("error: required resource not specified")
    wanted = targets(session.args, every=True)
    session.check_names(wanted)
    return wanted


async def every(session: Session, change: Callable[[Item], Awaitable[None]]) -> int:
    wanted = named_targets(session)
    found = session.find(wanted)
    if not found.items and not found.failures:
        await session.none_found(target.resource for target in wanted)
    return await each(session, wanted, change)


async def restart(session: Session) -> int:
    """Add an annotation to the template, so that the pods are replaced one by one."""
    now = datetime.datetime.fromtimestamp(int(session.now()), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def change(obj: Obj) -> Obj:
        meta = section(obj, "spec", "template", "metadata")
        meta["annotations"] = {**section(meta, "annotations"), RESTARTED_AT: now}
        return obj

    async def one(item: Item) -> None:
        _only_deployments(item, "restarting")
        if _paused(item):
            raise Failure(
                f'error: {item.resource.full} "{item.name}" can\'t restart paused deployment (run rollout resume first)'
            )
        if not await edit(session, item, change):
            raise Failure(
                f"error: failed to create patch for {item.name}: if restart has already been triggered within the past"
                " second, please wait before attempting to trigger another"
            )
        await report(session, item, "restarted")

    return await every(session, one)


def _only_deployments(item: Item, doing: str) -> None:
    if item.resource != DEPLOYMENT:
        raise Failure(f'error: {item.resource.plural} "{item.name}" {doing} is not supported')


def _paused(item: Item) -> bool:
    return bool(section(item.obj, "spec").get("paused"))


async def pause(session: Session) -> int:
    async def one(item: Item) -> None:
        _only_deployments(item, "pausing")
        if _paused(item):
            raise Failure(f'error: {item.resource.full} "{item.name}" is already paused')
        await edit(session, item, _set_paused)
        await report(session, item, "paused")

    return await every(session, one)


async def resume(session: Session) -> int:
    async def one(item: Item) -> None:
        _only_deployments(item, "resuming")
        if not _paused(item):
            raise Failure(f'error: {item.resource.full} "{item.name}" is not paused')
        await edit(session, item, _unset_paused)
        await report(session, item, "resumed")

    return await every(session, one)


def _set_paused(obj: Obj) -> Obj:
    section(obj, "spec")["paused"] = True
    return obj


def _unset_paused(obj: Obj) -> Obj:
    section(obj, "spec").pop("paused", None)
    return obj


async def status(session: Session) -> int:
    """Follow each rollout to its end, at most --timeout; with --watch=false print its current state."""
    loop = asyncio.get_running_loop()
    timeout_s = session.flags.seconds("timeout", 0.0)
    deadline = loop.time() + timeout_s if timeout_s > 0 else float("inf")

    async def one(item: Item) -> None:
        if item.resource != DEPLOYMENT:
            raise Failure(f"error: no status viewer has been implemented for {item.resource.kind}")
        await _follow(session, item, deadline)

    return await every(session, one)


async def _follow(session: Session, item: Item, deadline: float) -> None:
    loop = asyncio.get_running_loop()
    seen: Obj = {}
    while True:
        if item.obj != seen:
            seen = item.obj
            line, done = progress(item.obj, session.flags.number("revision", 0))
            await session.print_line(line)
            if done or not session.flags.flag("watch", default=True):
                return
        left = deadline - loop.time()
        if left <= 0:
            raise Failure("error: timed out waiting for the condition")
        await session.cluster.changed(min(1.0, left))
        item = session.get(item.resource, item.name)


def progress(obj: Obj, revision: int) -> tuple[str, bool]:
    """kubectl's line about a rollout's state, and whether the rollout is complete."""
    name = text(obj, "metadata", "name")
    running = int(text(obj, "metadata", "annotations", REVISION, default="0"))
    if revision and revision != running:
        raise Failure(f"error: desired revision ({revision}) is different from the running revision ({running})")
    counts = section(obj, "status")
    if number(obj, "metadata", "generation") > number(counts, "observedGeneration"):
        return "Waiting for deployment spec update to be observed...", False
    if any(each.get("reason") == "ProgressDeadlineExceeded" for each in items(counts, "conditions")):
        raise Failure(f'error: deployment "{name}" exceeded its progress deadline')
    wanted, total, updated, available = (
        int(number(holder, key))
        for holder, key in ((section(obj, "spec"), "replicas"), (counts, "replicas"), (counts, "updatedReplicas"),
                            (counts, "availableReplicas"))
    )  # fmt: skip
    waiting = f'Waiting for deployment "{name}" rollout to finish: '
    if updated < wanted:
        return f"{waiting}{updated} out of {wanted} new replicas have been updated...", False
    if total > updated:
        return f"{waiting}{total - updated} old replicas are pending termination...", False
    if available < updated:
        return f"{waiting}{available} of {updated} updated replicas are available...", False
    return f'deployment "{name}" successfully rolled out', True
