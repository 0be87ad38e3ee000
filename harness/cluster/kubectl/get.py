"""`kubectl get`: tables, other output formats, sorting, watching."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cmp_to_key

from harness.cluster.kubectl import columns, jsonpath
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.output import Printer, field_template, printer
from harness.cluster.kubectl.resources import Resource, Target, targets
from harness.cluster.kubectl.session import Item, Session
from harness.cluster.kubectl.tables import Table
from harness.machine.objects import Json, Obj, section, strings, text

NOTHING_ASKED = """\
You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.

error: Required resource not specified.
Use "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).
See 'kubectl get -h' for help and examples"""
DEPRECATED = {"endpoints": "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}
WATCH_STEP_S = 1.0


async def get(session: Session) -> int:
    """List or watch. Return the exit status: 1 when a named object is missing."""
    if not session.args:
        raise Failure(NOTHING_ASKED)
    wanted = targets(session.args, every=True)
    session.check_names(wanted)
    show = printer(session.flags.text("output"), headers=not session.flags.flag("no-headers"))
    for resource in dict.fromkeys(target.resource for target in wanted):
        if resource.plural in DEPRECATED:
            await session.warn(DEPRECATED[resource.plural])
    if session.flags.flag("watch") or session.flags.flag("watch-only"):
        return await _watch(session, wanted, show)
    return await _once(session, wanted, show)


async def _once(session: Session, wanted: Sequence[Target], show: Printer | None) -> int:
    found = session.find(wanted)
    failures = [] if session.flags.flag("ignore-not-found") else found.failures
    named = bool(wanted[0].name)
    listed = _sorted(session, found.items, wanted, table=show is None)
    if show is None:
        if not listed and not failures and not (named and found.failures):
            await session.none_found(target.resource for target in wanted)
        await _tables(session, wanted, listed)
    elif listed or not (named or failures):
        await session.out(1, show(listed, named and len(wanted) == 1).encode())
    return await session.finish(failures)


async def _tables(session: Session, wanted: Sequence[Target], listed: Sequence[Item]) -> None:
    """One table per kind, separated by an empty line; with several kinds the names have the kind as prefix."""
    groups: dict[Resource, list[Item]] = {}
    for item in listed:
        groups.setdefault(item.resource, []).append(item)
    several = len({each.resource for each in wanted if not each.name} | groups.keys()) > 1 or (
        "/" in session.args[0] and len({each.resource for each in wanted}) > 1
    )
    for number, (resource, items) in enumerate(groups.items()):
        view = View(session, resource, prefixed=several or session.flags.flag("show-kind"))
        lines = view.lines(items)
        await session.print_line("\n".join([""] * bool(number) + lines))


class View:
    """The table rows of one kind, with the columns selected by flags."""

    def __init__(self, session: Session, resource: Resource, *, prefixed: bool) -> None:
        self._session, self._resource, self._prefixed = session, resource, prefixed
        self._wide = session.flags.text("output") == "wide"
        self._labels = [label for label in re.split("[,\n]", session.flags.text("label-columns")) if label]
        self._table = Table(headers=not session.flags.flag("no-headers"))
        self._namespace = session.everywhere and resource.namespaced

    def lines(self, items: Sequence[Item]) -> list[str]:
        return self._table.lines(self._header(), [self._row(item) for item in items])

    def _header(self) -> list[str]:
        names = ["NAMESPACE"] * self._namespace + columns.header(self._resource.plural, self._wide)
        names += [label.rpartition("/")[2].upper() for label in self._labels]
        return names + ["LABELS"] * self._session.flags.flag("show-labels")

    def _row(self, item: Item) -> list[str]:
        row = columns.cells(self._resource.plural, item.obj, self._wide, self._session.now())
        if self._prefixed:
            row = [item.shown if cell == item.name else cell for cell in row]
        labels = strings(section(item.obj, "metadata", "labels"))
        row += [labels.get(label, "") for label in self._labels]
        row += [columns.pairs(section(item.obj, "metadata", "labels"))] * self._session.flags.flag("show-labels")
        return [item.namespace] * self._namespace + row


async def _watch(session: Session, wanted: Sequence[Target], show: Printer | None) -> int:
    """Print the current objects, then every change, until cancelled. Fails when the object is missing at the start."""
    if len({target.resource for target in wanted}) > 1 or len(wanted) > 1:
        raise Failure("error: you may only specify a single resource type")
    view = View(session, wanted[0].resource, prefixed=session.flags.flag("show-kind"))
    known: dict[str, Item] = {}
    quiet = session.flags.flag("watch-only")
    while True:
        found = session.find(wanted)
        if found.failures and not known:
            return await session.finish(found.failures)
        now = {text(item.obj, "metadata", "uid") or item.name: item for item in found.items}
        await _print_change(session, view, show, [] if quiet else _changes(known, now))
        known, quiet = now, False
        await session.cluster.changed(WATCH_STEP_S)


def _changes(before: Mapping[str, Item], after: Mapping[str, Item]) -> list[Item]:
    """New and changed objects, and each deleted one once more."""
    gone = [item for uid, item in before.items() if uid not in after]
    return gone + [item for uid, item in after.items() if before.get(uid) is None or before[uid].obj != item.obj]


async def _print_change(session: Session, view: View, show: Printer | None, changed: Sequence[Item]) -> None:
    if changed and show is None:
        await session.print_line("\n".join(view.lines(changed)))
    elif show is not None:
        for item in changed:
            await session.out(1, show([item], True).encode())


def _sorted(session: Session, items: list[Item], wanted: Sequence[Target], *, table: bool) -> list[Item]:
    """Sort by the field of `--sort-by`, objects without it first.

    If none has it, return nothing for a table, and raise Failure for another format, as kubectl does.
    """
    path = session.flags.text("sort-by")
    if not path:
        return items
    missing = Failure(f'error: couldn\'t find any field with path "{_braced(path)}" in the list of objects')
    if len({target.resource for target in wanted}) > 1:
        raise missing
    try:
        template = field_template(path)
    except Failure:
        return []
    keyed = [(_first(template, item.obj), item) for item in items]
    if all(key is None for key, _ in keyed):
        if keyed and not table:
            raise missing
        return []
    rank = cmp_to_key(_compare)
    return [item for _, item in sorted(keyed, key=lambda one: rank(one[0]))]


def _braced(path: str) -> str:
    """`{.spec.x}` for `.spec.x` and `spec.x`."""
    return path if path.startswith("{") else "{." + path.removeprefix(".") + "}"


def _first(template: jsonpath.Template, obj: Obj) -> Json:
    try:
        return next(iter(template.find(obj)), None)
    except jsonpath.Unexecutable:
        return None


def _compare(one: Json, other: Json) -> int:
    if one is None or other is None:
        return (one is not None) - (other is not None)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one > other) - (one < other)
    return (jsonpath.shown(one) > jsonpath.shown(other)) - (jsonpath.shown(one) < jsonpath.shown(other))
