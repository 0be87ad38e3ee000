"""`kubectl scale`: sets the number of replicas of a Deployment."""

from __future__ import annotations

import asyncio

from harness.cluster.kubectl.changes import dry_run, each, edit, named_targets, report
from harness.cluster.kubectl.errors import Failure, from_server
from harness.cluster.kubectl.session import DEPLOYMENT, Item, Session
from harness.machine.objects import Obj, number, section, text


async def scale(session: Session) -> int:
    """Scale each named object in turn. Return the exit status."""
    if not session.flags.has("replicas"):
        raise Failure('error: required flag(s) "replicas" not set')
    replicas = session.flags.number("replicas", -1)
    if replicas < 0:
        raise Failure("error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    wanted = named_targets(session)
    if not any(target.name for target in wanted) and not session.find(wanted).items:
        raise Failure("error: no objects passed to scale")

    async def one(item: Item) -> None:
        await _scale(session, item, replicas)

    return await each(session, wanted, one)


async def _scale(session: Session, item: Item, replicas: int) -> None:
    if not item.resource.scalable:
        raise from_server("NotFound", "the server could not find the requested resource")
    if item.resource != DEPLOYMENT:
        raise Failure("error: this platform's kubectl does not scale replicasets; scale the Deployment that owns it")
    _check(session, item)

    def change(obj: Obj) -> Obj:
        section(obj, "spec")["replicas"] = replicas
        return obj

    await edit(session, item, change)
    await report(session, item, "scaled")
    timeout_s = session.flags.seconds("timeout", 0.0)
    if timeout_s and not dry_run(session):
        await _wait_for_replicas(session, item, timeout_s)


def _check(session: Session, item: Item) -> None:
    """Check the preconditions --current-replicas and --resource-version. Raises Failure."""
    current, expected = int(number(item.obj, "spec", "replicas")), session.flags.number("current-replicas", -1)
    if expected not in (-1, current):
        raise Failure(f"error: Expected replicas to be {expected}, was {current}")
    version, wanted = text(item.obj, "metadata", "resourceVersion"), session.flags.text("resource-version")
    if wanted not in ("", version):
        raise Failure(f"error: Expected resource version to be {wanted}, was {version}")


async def _wait_for_replicas(session: Session, item: Item, timeout_s: float) -> None:
    """Wait up to --timeout for the requested number of pods. Raises Failure."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while True:
        obj = session.get(item.resource, item.name).obj
        seen = number(obj, "status", "observedGeneration") >= number(obj, "metadata", "generation")
        if seen and number(obj, "status", "replicas") == number(obj, "spec", "replicas"):
            return
        if loop.time() >= deadline:
            raise Failure("error: timed out waiting for the condition")
        await session.cluster.changed(min(1.0, deadline - loop.time()))
