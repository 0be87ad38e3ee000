"""`kubectl set env` and `kubectl set image`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.cluster.kubectl.changes import containers, each, edit, named_targets, report
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.session import DEPLOYMENT, Item, Session
from harness.machine.objects import Json, Obj, clone, items, section, text

NO_RESOURCE = "error: one or more resources must be specified as <resource> <name> or <resource>/<name>"
NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
NAME_RULE = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not"
    " start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1',"
    " regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')"
)


@dataclass(frozen=True)
class Updates:
    """The variables to set and those to remove."""

    values: Mapping[str, str]
    removed: frozenset[str]


async def set_env(session: Session) -> int:
    """Change, or with --list print, the variables of the containers that --containers selects."""
    resources, updates = _split(session.args, session.flags.text("env"))
    if not resources:
        raise Failure(NO_RESOURCE)
    wanted = named_targets(session, resources)

    async def one(item: Item) -> None:
        await _env(session, item, updates)

    return await each(session, wanted, one)


def _split(args: Sequence[str], more: str) -> tuple[list[str], Updates]:
    """Split `deployment/web A=b C-` into objects and changes. Raises Failure when objects follow changes."""
    resources: list[str] = []
    changes: list[str] = []
    for arg in args:
        if re.match(r"[^=]+=|.*-$", arg, re.DOTALL):
            changes.append(arg)
        elif changes:
            raise Failure(f"error: all resources must be specified before environment changes: {arg}")
        else:
            resources.append(arg)
    changes += [each for each in more.split("\n") if each]
    values = dict(each.split("=", 1) for each in changes if "=" in each)
    removed = frozenset(each[:-1] for each in changes if "=" not in each)
    if removed & values.keys():
        raise Failure("error: can not both modify and remove the same environment variable in the same command")
    for name in (*values, *removed):
        if not NAME.fullmatch(name):
            raise Failure(f'error: "{name}" is not a valid key name: {NAME_RULE}')
    return resources, Updates(values, removed)


async def _env(session: Session, item: Item, updates: Updates) -> None:
    _template_of(item)
    pattern = session.flags.text("containers", "*")
    chosen = containers(item.obj, pattern)
    if not chosen:
        await session.warn(
            f'Warning: {item.resource.kind}/{item.name} does not have any containers matching "{pattern}"'
        )
        return
    if not session.flags.flag("overwrite", default=True):
        _check_overwrites(item, chosen, updates)
    if session.flags.flag("list"):
        await _list(session, item, chosen, updates)
        return

    def change(obj: Obj) -> Obj:
        for container in containers(obj, pattern):
            _update(container, updates)
        return obj

    if await edit(session, item, change):
        await report(session, item, "env updated")


def _template_of(item: Item) -> None:
    """Raise Failure for objects that cannot be changed: ReplicaSets and pods, and kinds without a pod template."""
    place = f"{item.resource.plural}/{item.name}"
    if item.resource.plural in ("replicasets", "pods"):
        raise Failure(
            f"error: {place}: this platform's kubectl changes Deployments only; name the Deployment that owns it"
        )
    if item.resource != DEPLOYMENT:
        kind = f"*v1.{item.resource.kind}"
        raise Failure(f"error: {place} the object is not a pod or does not have a pod template: {kind}")


def _check_overwrites(item: Item, chosen: Sequence[Obj], updates: Updates) -> None:
    for container in chosen:
        for variable in items(container, "env"):
            name, value = text(variable, "name"), text(variable, "value")
            if updates.values.get(name, value) != value:
                place = f"{item.resource.plural}/{item.name}"
                raise Failure(f"error: {place} '{name}' already has a value ({value}), and --overwrite is false")


def _update(container: Obj, updates: Updates) -> None:
    """Existing variables keep their position, new ones are appended; an empty list is removed."""
    env: list[Json] = []
    old = [variable for variable in items(container, "env") if text(variable, "name") not in updates.removed]
    for variable in old:
        name = text(variable, "name")
        env.append(_entry(name, updates.values[name]) if name in updates.values else variable)
    known = {text(variable, "name") for variable in old} | updates.removed
    env += [_entry(name, value) for name, value in updates.values.items() if name not in known]
    if env:
        container["env"] = env
    else:
        container.pop("env", None)


def _entry(name: str, value: str) -> Obj:
    return {"name": name, "value": value} if value else {"name": name}


async def _list(session: Session, item: Item, chosen: Sequence[Obj], updates: Updates) -> None:
    for container in map(clone, chosen):
        _update(container, updates)
        await session.print_line(f"# {item.resource.kind} {item.name}, container {text(container, 'name')}")
        for variable in items(container, "env"):
            name, source = text(variable, "name"), section(variable, "valueFrom")
            await session.print_line(
                f"# {name} from {_reference(source)}" if source else f"{name}={text(variable, 'value')}"
            )


def _reference(source: Obj) -> str:
    for key, kind in (("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")):
        if ref := section(source, key):
            return f"{kind} {text(ref, 'name')}, key {text(ref, 'key')}"
    return f"field path {text(source, 'fieldRef', 'fieldPath')}"


async def set_image(session: Session) -> int:
    """Set the images of `CONTAINER=IMAGE` arguments; `*` matches every container."""
    changes = [arg for arg in session.args if "=" in arg]
    resources = [arg for arg in session.args if "=" not in arg]
    if not resources:
        raise Failure(NO_RESOURCE)
    if not changes:
        raise Failure("error: at least one image update is required")
    images = dict(change.split("=", 1) for change in changes)

    async def one(item: Item) -> None:
        await _image(session, item, images)

    return await each(session, named_targets(session, resources), one)


async def _image(session: Session, item: Item, images: Mapping[str, str]) -> None:
    _template_of(item)
    for name in images:
        if not containers(item.obj, name):
            raise Failure(f'error: unable to find container named "{name}"')

    def change(obj: Obj) -> Obj:
        for name, image in images.items():
            for container in containers(obj, name):
                container["image"] = image
        return obj

    if await edit(session, item, change):
        await report(session, item, "image updated")
