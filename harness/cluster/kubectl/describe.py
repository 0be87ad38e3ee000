"""`kubectl describe`: the details of an object, followed by its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harness.cluster.kubectl import pages, pages_network, pages_node
from harness.cluster.kubectl.columns import last_seen
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.get import DEPRECATED
from harness.cluster.kubectl.human_units import age
from harness.cluster.kubectl.resources import BY_PLURAL, Resource, Target, targets
from harness.cluster.kubectl.session import Item, Session
from harness.cluster.kubectl.tabwriter import expand
from harness.machine.objects import Obj, number, section, text

NOTHING_ASKED = (
    'error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list'
    " of supported resources."
)
Page = Callable[[Session, Obj], Iterator[str]]
PAGES: dict[str, Page] = {
    "pods": pages.pod,
    "deployments": pages.deployment,
    "replicasets": pages.replicaset,
    "services": pages_network.service,
    "nodes": pages_node.node,
    "endpoints": pages_network.endpoints,
    "ingresses": pages_network.ingress,
    "networkpolicies": pages_network.policy,
    "persistentvolumes": pages_node.volume,
    "namespaces": pages_node.namespace,
}
WITHOUT_EVENTS = ("networkpolicies", "namespaces")


async def describe(session: Session) -> int:
    """Describe the named objects; as in kubectl, a name that does not exist is tried as a prefix."""
    if not session.args:
        raise Failure(NOTHING_ASKED)
    wanted = targets(session.args, every=True)
    session.check_names(wanted)
    for resource in {target.resource for target in wanted}:
        _supported(resource)
        if resource.plural in DEPRECATED:
            await session.warn(DEPRECATED[resource.plural])
    found = session.find(wanted)
    if found.failures and len(session.args) == 2:
        return await _by_prefix(session, wanted[0], found.failures)
    alone = len(found.items) == 1 and not found.failures
    events = session.flags.flag("show-events", default=True) and (alone or session.flags.has("show-events"))
    await session.out(1, "\n\n".join(page(session, item, events=events) for item in found.items).encode())
    if not found.items and not found.failures:
        await session.warn(
            "No resources found" + (f" in {session.namespace} namespace." if not session.everywhere else "")
        )
    return await session.finish(found.failures)


def _supported(resource: Resource) -> None:
    if resource.supported and resource.plural not in PAGES:
        raise Failure(
            f"error: this platform's kubectl does not support describe {resource.plural} yet; use get -o yaml"
        )


async def _by_prefix(session: Session, target: Target, failures: Sequence[Failure]) -> int:
    matching = [item for item in session.list(target.resource) if item.name.startswith(target.name)]
    for item in matching:
        await session.print_line(page(session, item, events=False))
    return 0 if matching else await session.finish(failures)


def page(session: Session, item: Item, *, events: bool) -> str:
    """The complete description of one object."""
    lines = list(PAGES[item.resource.plural](session, item.obj))
    if events and item.resource.plural not in WITHOUT_EVENTS:
        lines += _events(session, item.obj)
    return expand("".join(f"{line}\n" for line in lines))


def _events(session: Session, obj: Obj) -> list[str]:
    uid = text(obj, "metadata", "uid")
    place = text(obj, "metadata", "namespace") or None
    about = [event for event in session.cluster.list("events", place) if text(event, "involvedObject", "uid") == uid]
    if not about:
        return ["Events:\t<none>"]
    rows = [_event(event, session.now()) for event in sorted(about, key=last_seen)]
    return ["Events:", "  Type\tReason\tAge\tFrom\tMessage", "  ----\t------\t----\t----\t-------", *rows]


def _event(event: Obj, now_s: float) -> str:
    first = age(text(event, "eventTime") or text(event, "firstTimestamp"), now_s)
    series, count = section(event, "series"), int(number(event, "count"))
    when = first
    if series:
        when = f"{age(text(series, 'lastObservedTime'), now_s)} (x{int(number(series, 'count'))} over {first})"
    elif count > 1:
        when = f"{age(text(event, 'lastTimestamp'), now_s)} (x{count} over {first})"
    source = text(event, "source", "component") or text(event, "reportingComponent")
    place = text(event, "involvedObject", "fieldPath")
    message = (f"{place}: " if place else "") + text(event, "message").strip()
    return f"  {text(event, 'type')}\t{text(event, 'reason')}\t{when}\t{source}\t{message}"


assert set(PAGES) <= set(BY_PLURAL)
