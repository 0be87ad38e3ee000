"""One kubectl call: its flags, its output streams, and how it finds objects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from harness.cluster.api import Cluster, NotFound
from harness.cluster.kubectl.errors import Failure, from_server, not_found
from harness.cluster.kubectl.flags import Parsed
from harness.cluster.kubectl.resources import BY_PLURAL, Resource, Target
from harness.cluster.kubectl.selectors import by_field, by_label
from harness.machine.objects import Obj, text

Out = Callable[[int, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Item:
    """An object and its kind."""

    resource: Resource
    obj: Obj

    @property
    def name(self) -> str:
        return text(self.obj, "metadata", "name")

    @property
    def namespace(self) -> str:
        return text(self.obj, "metadata", "namespace")

    @property
    def shown(self) -> str:
        """`deployment.apps/web`."""
        return f"{self.resource.prefix}/{self.name}"


@dataclass
class Found:
    """The objects found, in the requested order, and the failures for those that were not."""

    items: list[Item] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass
class Session:
    """One kubectl call. `now` returns epoch seconds; `command` is its name, such as `rollout status`."""

    cluster: Cluster
    out: Out
    stdin: bytes | None
    tty: bool
    now: Callable[[], float]
    command: str
    flags: Parsed

    @property
    def namespace(self) -> str:
        return self.flags.text("namespace") or "default"

    @property
    def everywhere(self) -> bool:
        return self.flags.flag("all-namespaces")

    @property
    def args(self) -> list[str]:
        return self.flags.args

    async def print_line(self, line: str) -> None:
        """Write one or more lines to stdout."""
        await self.out(1, f"{line}\n".encode())

    async def warn(self, line: str) -> None:
        """Write one or more lines to stderr."""
        await self.out(2, f"{line}\n".encode())

    async def finish(self, failures: Sequence[Failure]) -> int:
        """Print the failures and return the exit status. As in kubectl, several are printed without `error:`."""
        for failure in failures:
            await self.warn(str(failure).removeprefix("error: ") if len(failures) > 1 else str(failure))
        return max((failure.status for failure in failures), default=0)

    def misuse(self, message: str) -> Failure:
        """The error for wrong arguments, which refers to the command's help."""
        return Failure(f"error: {message}\nSee 'kubectl {self.command} -h' for help and examples")

    def get(self, resource: Resource, name: str, *, blame_namespace: bool = True) -> Item:
        """One object of the namespace. Raises Failure (NotFound) for the object, or for a missing namespace."""
        place = self.namespace if resource.namespaced else None
        missing = from_server("NotFound", f'{resource.full} "{name}" not found')
        try:
            if resource.supported:
                return Item(resource, self.cluster.get(resource.plural, place, name))
        except NotFound as error:
            missing = not_found(NotFound(resource.full, name))
            missing.__cause__ = error
        if place is not None and blame_namespace and not self._exists(place):
            raise from_server("NotFound", f'namespaces "{place}" not found')
        raise missing

    def _exists(self, namespace: str) -> bool:
        return any(text(obj, "metadata", "name") == namespace for obj in self.cluster.list("namespaces", None))

    def list(self, resource: Resource) -> list[Item]:
        """The objects of a kind that the flags select, sorted by namespace and name as in the API server."""
        labels, fields = (
            by_label(self.flags.text("selector"), resource),
            by_field(self.flags.text("field-selector"), resource),
        )
        if not resource.supported:
            return []
        place = None if self.everywhere or not resource.namespaced else self.namespace
        found = [
            Item(resource, obj) for obj in self.cluster.list(resource.plural, place) if labels(obj) and fields(obj)
        ]
        return sorted(found, key=lambda item: (item.namespace, item.name))

    def find(self, wanted: Iterable[Target], *, blame_namespace: bool = True) -> Found:
        """All requested objects; missing ones are recorded as failures."""
        found = Found()
        for target in wanted:
            try:
                found.items += (
                    [self.get(target.resource, target.name, blame_namespace=blame_namespace)]
                    if target.name
                    else self.list(target.resource)
                )
            except Failure as failure:
                found.failures.append(failure)
        return found

    def check_names(self, wanted: Sequence[Target]) -> None:
        """Raise Failure for names together with a selector or with all namespaces."""
        if not any(target.name for target in wanted):
            return
        if self.everywhere:
            raise Failure("error: a resource cannot be retrieved by name across all namespaces")
        if self.flags.text("selector") or self.flags.text("field-selector"):
            raise Failure("error: name cannot be provided when a selector is specified")

    async def none_found(self, resources: Iterable[Resource]) -> None:
        local = any(resource.namespaced for resource in resources) and not self.everywhere
        await self.warn(f"No resources found in {self.namespace} namespace." if local else "No resources found")


POD, DEPLOYMENT, REPLICASET, NODE = (BY_PLURAL[plural] for plural in ("pods", "deployments", "replicasets", "nodes"))
