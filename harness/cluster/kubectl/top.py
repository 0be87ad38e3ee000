"""`kubectl top`: resource usage of pods and nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.cluster.api import Usage
from harness.cluster.kubectl.errors import Failure, from_server
from harness.cluster.kubectl.human_units import quantity
from harness.cluster.kubectl.pod_serializer import container_names
from harness.cluster.kubectl.session import NODE, POD, Item, Session
from harness.cluster.kubectl.tabwriter import expand
from harness.machine.objects import Obj, section

MIB = 2**20
SORTS: dict[str, Callable[[tuple[Item, Usage]], int]] = {
    "cpu": lambda one: -one[1].cpu_m,
    "memory": lambda one: -one[1].memory_bytes,
}
AMOUNTS = ("CPU(cores)", "MEMORY(bytes)")


async def pods(session: Session) -> int:
    """Print the usage of pods; those that have not been measured yet are omitted."""
    _check(session, "pod")
    found = [session.get(POD, session.args[0], blame_namespace=False)] if session.args else session.list(POD)
    places = sorted({item.namespace for item in found})
    usage = {(place, name): one for place in places for name, one in session.cluster.usage(place).items()}
    measured = [(item, usage[item.namespace, item.name]) for item in found if (item.namespace, item.name) in usage]
    if found and not measured:
        raise Failure("error: metrics not available yet")
    if not found:
        await session.none_found([POD])
        return 0
    containers = session.flags.flag("containers")
    titles = ("POD", "NAME", *AMOUNTS) if containers else ("NAME", *AMOUNTS)
    rows = [_pod_row(item, one, containers) for item, one in _ordered(session, measured)]
    await _print(session, titles, rows)
    return 0


def _pod_row(item: Item, usage: Usage, containers: bool) -> list[str]:
    """One row. The platform measures whole pods, so the usage is attributed to the first container."""
    names = container_names(item.obj)[:1] if containers else []
    return [item.namespace, item.name, *names, *_amounts(usage)]


async def nodes(session: Session) -> int:
    _check(session, "node")
    usage = session.cluster.node_usage()
    if session.args and session.args[0] not in {item.name for item in session.list(NODE)}:
        raise from_server("NotFound", f'node "{session.args[0]}" not found')
    found = [item for item in session.list(NODE) if not session.args or item.name == session.args[0]]
    measured = [(item, usage[item.name]) for item in found if item.name in usage]
    if not measured:
        raise Failure("error: metrics not available yet")
    titles = ("NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)")
    await _print(session, titles, [_node_row(item.obj, item.name, one) for item, one in _ordered(session, measured)])
    return 0


def _node_row(obj: Obj, name: str, usage: Usage) -> list[str]:
    has = section(obj, "status", "allocatable")
    cpu, memory = (quantity(has.get(key, "0")) for key in ("cpu", "memory"))
    shares = (
        int(usage.cpu_m * 100 / (cpu * 1000)) if cpu else 0,
        int(usage.memory_bytes * 100 / memory) if memory else 0,
    )
    amounts = _amounts(usage)
    return ["", name, amounts[0], f"{shares[0]}%", amounts[1], f"{shares[1]}%"]


def _amounts(usage: Usage) -> tuple[str, str]:
    return f"{usage.cpu_m}m", f"{usage.memory_bytes // MIB}Mi"


def _check(session: Session, kind: str) -> None:
    if len(session.args) > 1:
        raise session.misuse(f"{kind} [NAME | -l label]")
    if session.args and session.flags.text("selector"):
        raise Failure("error: only one of NAME or selector can be provided")
    if session.flags.text("sort-by") not in ("", *SORTS):
        raise Failure("error: --sort-by accepts only cpu or memory")


def _ordered(session: Session, measured: Sequence[tuple[Item, Usage]]) -> Sequence[tuple[Item, Usage]]:
    sort = session.flags.text("sort-by")
    return sorted(measured, key=SORTS[sort]) if sort else measured


async def _print(session: Session, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows; their first cell, the namespace, is shown with -A."""
    show = session.everywhere
    lines = [] if session.flags.flag("no-headers") else [["NAMESPACE"] * show + list(titles)]
    lines += [list(row if show else row[1:]) for row in rows]
    await session.out(1, expand("".join("\t".join(line) + "\t\n" for line in lines), min_width=6, padding=3).encode())
