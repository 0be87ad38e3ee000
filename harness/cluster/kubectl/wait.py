"""`kubectl wait`: for a condition, a field's value or deletion."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from harness.cluster.kubectl import jsonpath
from harness.cluster.kubectl.changes import named_targets, without_other_namespaces
from harness.cluster.kubectl.delete import exists
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.output import field_template, go_text, printer
from harness.cluster.kubectl.resources import Target
from harness.cluster.kubectl.session import Item, Session
from harness.machine.objects import Obj, items, number, text

Reached = Callable[[Session, Item], bool]
DEFAULT_S, FOREVER_S = 30.0, 7 * 86400.0


async def wait(session: Session) -> int:
    """Wait for each object, at most --timeout each. Return the exit status: 1 when one is not reached."""
    goal = session.flags.text("for")
    reached = _goal(goal)
    wanted = named_targets(session)
    timeout_s = session.flags.seconds("timeout", DEFAULT_S)
    if goal == "create":
        await _created(session, wanted, timeout_s)
    found = without_other_namespaces(session, session.find(wanted))
    failures = list(found.failures)
    if goal == "delete":
        failures = []
    elif not found.items and not failures:
        raise Failure("error: no matching resources found")
    for item in found.items:
        if await _until(session, item, reached, timeout_s if timeout_s >= 0 else FOREVER_S):
            await _met(session, item)
        else:
            place = f"{item.resource.plural}/{item.name}"
            failures.append(Failure(f"error: timed out waiting for the condition on {place}"))
    return await session.finish(failures)


async def _created(session: Session, wanted: Sequence[Target], timeout_s: float) -> None:
    """Wait until every named object exists, and something that a selector matches. Raises Failure at the limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (timeout_s if timeout_s >= 0 else FOREVER_S)
    while (found := session.find(wanted)).failures or not found.items:
        if (left := deadline - loop.time()) <= 0:
            raise Failure("error: timed out waiting for the condition")
        await session.cluster.changed(min(1.0, left))


async def _met(session: Session, item: Item) -> None:
    show = printer(session.flags.text("output"))
    text_ = f"{item.shown} condition met\n" if show is None else show([item], True)
    await session.out(1, text_.encode())


async def _until(session: Session, item: Item, reached: Reached, timeout_s: float) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not reached(session, item):
        left = deadline - loop.time()
        if left <= 0:
            return False
        await session.cluster.changed(min(1.0, left))
    return True


def _goal(goal: str) -> Reached:
    if goal == "delete":
        return lambda session, item: not exists(session, item)
    if goal == "create":
        return exists
    kind, _, rest = goal.partition("=")
    if kind == "condition" and rest:
        name, _, value = rest.partition("=")
        return lambda session, item: _condition(_now(session, item), name, value or "true")
    if kind == "jsonpath" and rest:
        return _field(rest)
    raise Failure(f'error: unrecognized condition: "{goal}"' if goal else "error: unrecognized condition: []")


def _now(session: Session, item: Item) -> Obj:
    """The current object; empty when it is gone."""
    uid = text(item.obj, "metadata", "uid")
    there = session.cluster.list(item.resource.plural, item.namespace or None)
    return next((obj for obj in there if text(obj, "metadata", "uid") == uid), {})


def _condition(obj: Obj, name: str, value: str) -> bool:
    """Whether a condition holds; conditions of an older generation do not count."""
    for each in items(obj, "status", "conditions"):
        if text(each, "type").lower() == name.lower():
            generation = number(obj, "metadata", "generation")
            seen = number(each, "observedGeneration") or number(obj, "status", "observedGeneration")
            return not (seen and seen < generation) and text(each, "status").lower() == value.lower()
    return False


def _field(rest: str) -> Reached:
    """A goal `{.path}=value`, or `{.path}` for any value."""
    path, equals, value = _split(rest)
    template = field_template(path)

    def reached(session: Session, item: Item) -> bool:
        try:
            found = template.find(_now(session, item))
        except jsonpath.Unexecutable:
            return False
        return bool(found) and (not equals or go_text(found[0]) == value)

    return reached


def _split(rest: str) -> tuple[str, str, str]:
    """Split at the `=` after the path; filters contain others."""
    if rest.startswith("{") and (end := rest.rfind("}")) > 0:
        return rest[: end + 1], *rest[end + 1 :].partition("=")[1:]
    path, equals, value = rest.partition("=")
    return path, equals, value
