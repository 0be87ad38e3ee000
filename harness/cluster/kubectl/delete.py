"""`kubectl delete`, for pods only; their ReplicaSet replaces them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harness.cluster.api import NotFound
from harness.cluster.kubectl.changes import dry_run, named_targets, without_other_namespaces
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.output import printer
from harness.cluster.kubectl.session import POD, Item, Session
from harness.machine.objects import text

FORCED = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated."
    " The resource may continue to run on the cluster indefinitely."
)


async def delete(session: Session) -> int:
    """Delete each pod and report it; with --wait (the default) wait until they are gone. Return the exit status."""
    grace_s = _grace(session)
    wanted = named_targets(session)
    found = without_other_namespaces(session, session.find(wanted, blame_namespace=False))
    _only_pods(found.items)
    failures = [] if session.flags.flag("ignore-not-found") else found.failures
    if session.flags.flag("force") and found.items:
        await session.warn(FORCED)
    for item in found.items:
        await _delete(session, item, grace_s)
    if not found.items and not found.failures:
        await session.print_line("No resources found")
    if session.flags.flag("wait", default=True) and not dry_run(session) and not session.flags.flag("force"):
        await wait_until_gone(session, found.items, session.flags.seconds("timeout", 0.0) or float("inf"))
    return await session.finish(failures)


def _only_pods(found: Sequence[Item]) -> None:
    for item in found:
        if item.resource != POD:
            kind = item.resource.plural
            raise Failure(f"error: this platform's kubectl does not delete {kind} yet; it deletes pods only")


def _grace(session: Session) -> float | None:
    """The grace period in seconds (None: the pod's own). As in kubectl: --now is 1, --force 0, 0 without --force 1."""
    grace, force, now = session.flags.number("grace-period", -1), session.flags.flag("force"), session.flags.flag("now")
    if now and grace != -1:
        raise Failure("error: --now and --grace-period cannot be specified together")
    if force and grace > 0:
        raise Failure("error: --force and --grace-period greater than 0 cannot be specified together")
    if force:
        return 0.0
    if now or grace == 0:
        return 1.0
    return float(grace) if grace > 0 else None


async def _delete(session: Session, item: Item, grace_s: float | None) -> None:
    done = "force deleted" if session.flags.flag("force") else "deleted"
    if not dry_run(session):
        try:
            await session.cluster.delete_pod(item.namespace, item.name, grace_s)
        except NotFound:
            done = "deleted"  # it ended by itself after it was listed
    show = printer(session.flags.text("output"))
    line = f'pod "{item.name}" {done} from {item.namespace} namespace{dry_run(session)}\n'
    await session.out(1, (line if show is None else show([item], True)).encode())


async def wait_until_gone(session: Session, pods: Sequence[Item], timeout_s: float) -> None:
    """Wait until all of these objects are gone (a replacement has another uid). Raises Failure at the time limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    for item in pods:
        while exists(session, item):
            left = deadline - loop.time()
            if left <= 0:
                raise Failure(f"error: timed out waiting for the condition on {item.resource.plural}/{item.name}")
            await session.cluster.changed(min(1.0, left))


def exists(session: Session, item: Item) -> bool:
    uid = text(item.obj, "metadata", "uid")
    there = session.cluster.list(item.resource.plural, item.namespace or None)
    return any(text(obj, "metadata", "uid") == uid for obj in there)
