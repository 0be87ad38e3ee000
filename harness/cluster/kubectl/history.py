"""`kubectl rollout history` and `kubectl rollout undo`."""

from __future__ import annotations

from harness.cluster.api import Invalid, NotFound
from harness.cluster.kubectl import template
from harness.cluster.kubectl.changes import dry_run, report
from harness.cluster.kubectl.errors import Failure, invalid, not_found
from harness.cluster.kubectl.rollout import REVISION, every
from harness.cluster.kubectl.session import DEPLOYMENT, Item, Session
from harness.cluster.kubectl.tabwriter import expand
from harness.machine.objects import Obj, clone, items, section, text

CAUSE = "kubernetes.io/change-cause"


async def history(session: Session) -> int:
    """Print the revisions, or with --revision the template of one."""
    revision = session.flags.number("revision", 0)
    if revision < 0:
        raise Failure(f"error: revision must be a positive integer: {revision}")

    async def one(item: Item) -> None:
        _only_deployments(item, "error retrieving history")
        found = revisions(session, item)
        shown = _one(found, revision) if revision else _table(found)
        await session.print_line(f"{item.shown} {f'with revision #{revision}' if revision else ''}\n{shown}")

    return await every(session, one)


def _only_deployments(item: Item, doing: str) -> None:
    if item.resource != DEPLOYMENT:
        kind = item.resource.kind
        what = f'{doing} for "{kind}"'
        raise Failure(f"error: {what}, no visitor method exists for {{ {kind}}}")


def revisions(session: Session, item: Item) -> dict[int, Obj]:
    """The Deployment's ReplicaSets by revision, oldest first."""
    uid = text(item.obj, "metadata", "uid")
    found = {
        int(text(each, "metadata", "annotations", REVISION, default="0")): each
        for each in session.cluster.list("replicasets", item.namespace)
        if any(text(owner, "uid") == uid for owner in items(each, "metadata", "ownerReferences"))
    }
    return dict(sorted(found.items()))


def _table(found: dict[int, Obj]) -> str:
    rows = [
        f"{revision}\t{text(each, 'metadata', 'annotations', CAUSE) or '<none>'}\n" for revision, each in found.items()
    ]
    return expand("REVISION\tCHANGE-CAUSE\n" + "".join(rows))


def _one(found: dict[int, Obj], revision: int) -> str:
    if revision not in found:
        raise Failure("error: unable to find the specified revision")
    chosen = clone(section(found[revision], "spec", "template"))
    if cause := text(found[revision], "metadata", "annotations", CAUSE):
        meta = section(chosen, "metadata")
        meta["annotations"] = {**section(meta, "annotations"), CAUSE: cause}
    return _text(chosen)


def _text(pod_template: Obj) -> str:
    return "".join(f"{line}\n" for line in template.pod_template(pod_template))


async def undo(session: Session) -> int:
    """Restore the previous revision, or that of --to-revision."""
    revision = session.flags.number("to-revision", 0)
    if revision < 0:
        raise Failure(f"error: revision must be a positive integer: {revision}")

    async def one(item: Item) -> None:
        _only_deployments(item, "error retrieving rollbacker")
        await _undo(session, item, revision)

    return await every(session, one)


async def _undo(session: Session, item: Item, revision: int) -> None:
    found = revisions(session, item)
    if revision and revision not in found:
        raise Failure(f"error: unable to find specified revision {revision} in history")
    if not revision and len(found) < 2:
        raise Failure(f'error: no rollout history found for deployment "{item.name}"')
    chosen = revision or list(found)[-2]
    if dry_run(session) and session.flags.text("dry-run") != "server":
        await session.print_line(f"{item.shown} {_text(section(found[chosen], 'spec', 'template'))}{dry_run(session)}")
        return
    if section(item.obj, "spec").get("paused"):  # a dry run of the client's does not ask for that
        raise Failure(
            "error: you cannot rollback a paused deployment;"
            " resume it first with 'kubectl rollout resume' and try again"
        )
    if chosen == max(found):
        await report(session, item, f"skipped rollback (current template already matches revision {chosen})")
        return
    if dry_run(session):
        await report(session, item, "rolled back")
        return
    try:
        await session.cluster.undo(item.namespace, item.name, chosen)
    except NotFound as error:
        raise not_found(error) from error
    except Invalid as error:
        raise invalid(error) from error
    await report(session, item, "rolled back")
