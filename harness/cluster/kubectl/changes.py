"""Shared by commands that change objects: dry runs, edits, and the line that reports the result."""

from __future__ import annotations

import fnmatch
from collections.abc import Awaitable, Callable, Sequence

from harness.cluster.api import Invalid, NotFound
from harness.cluster.kubectl.errors import Failure, invalid, not_found
from harness.cluster.kubectl.output import printer
from harness.cluster.kubectl.resources import Target, targets
from harness.cluster.kubectl.session import Found, Item, Session
from harness.machine.objects import Obj, clone, items, text

DRY_RUNS = {"": "", "none": "", "unchanged": " (dry run)", "client": " (dry run)", "server": " (server dry run)"}


def named_targets(session: Session, args: Sequence[str] | None = None) -> list[Target]:
    """The objects that the arguments name; a type without names needs --all or a selector."""
    every = session.flags.flag("all") or bool(session.flags.text("selector") or session.flags.text("field-selector"))
    wanted = targets(session.args if args is None else args, every=every)
    session.check_names(wanted)
    return wanted


def dry_run(session: Session) -> str:
    """The suffix of the result line in a dry run; empty without one."""
    chosen = session.flags.text("dry-run")
    if chosen not in DRY_RUNS:
        raise Failure(f'error: Invalid dry-run value ({chosen}). Must be "none", "server", or "client".')
    return DRY_RUNS[chosen]


async def edit(session: Session, item: Item, change: Callable[[Obj], Obj]) -> bool:
    """Apply a change, in a dry run to `item` only. Return whether it changes anything. Raises Failure if invalid."""
    wanted = change(clone(item.obj))
    if wanted == item.obj:
        return False
    if dry_run(session):
        item.obj.update(wanted)
        return True
    why = f"kubectl {session.command} {item.shown}"
    try:
        await session.cluster.edit(item.resource.plural, item.namespace, item.name, change, why)
    except NotFound as error:
        raise not_found(error) from error
    except Invalid as error:
        raise invalid(error) from error
    return True


async def report(session: Session, item: Item, done: str) -> None:
    """Print `deployment.apps/web scaled`, or the object in the format of `-o`."""
    await print_result(session, item, done + dry_run(session))


async def print_result(session: Session, item: Item, shown: str) -> None:
    """Print the line of `report` without the suffix of a dry run, for an object that needed no change."""
    show = printer(session.flags.text("output"))
    if show is None:
        await session.print_line(f"{item.shown} {shown}")
    else:
        now = item if dry_run(session) else session.get(item.resource, item.name)
        await session.out(1, show([now], True).encode())


def without_other_namespaces(session: Session, found: Found) -> Found:
    """With -A, kubectl looks each object up in the namespace "" and refuses it; reproduce that."""
    if not session.everywhere:
        return found
    refused = [_elsewhere(item.namespace) for item in found.items if item.namespace]
    return Found([item for item in found.items if not item.namespace], [*found.failures, *refused])


def _elsewhere(namespace: str) -> Failure:
    fact = f'the namespace from the provided object "{namespace}" does not match the namespace ""'
    return Failure(f"error: {fact}. You must pass '--namespace={namespace}' to perform this operation.")


async def each(session: Session, wanted: Sequence[Target], change: Callable[[Item], Awaitable[None]]) -> int:
    """Apply `change` to every object that is found; failures do not stop the others. Return the exit status."""
    found = without_other_namespaces(session, session.find(wanted))
    failures = []
    for item in found.items:
        try:
            await change(item)
        except Failure as failure:
            failures.append(failure)
    return await session.finish([*found.failures, *failures])


def containers(obj: Obj, pattern: str) -> list[Obj]:
    """The containers of a template whose names match `pattern` (`*` for any text)."""
    found = items(obj, "spec", "template", "spec", "containers")
    return [container for container in found if fnmatch.fnmatchcase(text(container, "name"), pattern)]
