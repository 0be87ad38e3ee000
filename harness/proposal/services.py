"""A service of the user as `services:` of gameday.yaml has it, and what of its description has no counterpart there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.proposal.draft import TODO, Key
from harness.schema.tree import Tree

DEFAULT_PORT = 8080


@dataclass(frozen=True)
class Unused:
    """A part of a file from which nothing was proposed."""

    place: str
    """File, line and column."""
    what: str
    """The part and the reason, or the part alone."""


@dataclass(frozen=True)
class Service:
    """One service to propose."""

    name: str
    place: str
    command: str | None = None
    """As a shell runs it; None: its image starts its own command."""
    image: str = ""
    port: int | None = None
    folder: str | None = None
    replicas: int | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None
    """The path of the health check; None: a connection is one."""
    metrics: str | None = None
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Further names under which others reach it."""
    questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Described:
    """What a file describes: services, and what has no counterpart."""

    services: tuple[Service, ...] = ()
    unused: tuple[Unused, ...] = ()


@dataclass(frozen=True)
class _Address:
    """A name and port under which a service is reached, and the variables that have its address on the platform."""

    name: str
    port: int
    variable: str

    @property
    def host(self) -> str:
        return f"$({self.variable}_SERVICE_HOST)"

    @property
    def whole(self) -> str:
        return f"{self.host}:$({self.variable}_SERVICE_PORT)"


def keys_of(services: Sequence[Service]) -> tuple[Key, ...]:
    """The entries of `services:`. Addresses of other services become those of the platform."""
    known = [
        _Address(name, each.port or DEFAULT_PORT, re.sub(r"[^A-Za-z0-9]", "_", each.name).upper())
        for each in services
        for name in (each.name, *each.also)
    ]
    known.sort(key=lambda each: -len(each.name))
    return tuple(_key(each, known) for each in services)


def _key(service: Service, known: Sequence[_Address]) -> Key:
    env = tuple(Key(name, _addressed(value, known)) for name, value in service.env.items())
    needs = [name for name in service.needs if any(each.name == name for each in known)]
    parts = (
        _run(service),
        Key("folder", service.folder) if service.folder else None,
        Key("port", str(service.port or DEFAULT_PORT), () if service.port else (_port_question(service),)),
        Key("replicas", str(service.replicas)) if service.replicas not in (None, 1) else None,
        Key("env", env) if env else None,
        Key("health", service.health) if service.health else None,
        Key("metrics", service.metrics) if service.metrics else None,
        Key("needs", needs) if needs else None,
    )
    questions = tuple(f"{TODO} {service.name}: {each}" for each in service.questions)
    return Key(service.name, tuple(part for part in parts if part), (f"From {service.place}", *questions))


def _port_question(service: Service) -> str:
    return f"{TODO} port: {service.place} names none; on which one does {service.name} listen?"


def _run(service: Service) -> Key:
    if service.command is None:
        image = f"the image {service.image} starts" if service.image else "its image starts"
        question = f"{TODO} run: {image} its own command; which one starts it here, on $POD_IP and $PORT?"
        return Key("run", None, (question,))
    command = _bound(service.command, service.port)
    if "$PORT" in command:
        return Key("run", f"exec {command}")
    return Key("run", f"exec {command}", (f"{TODO} run: let it listen on $POD_IP and $PORT",))


def _bound(command: str, port: int | None) -> str:
    """The command with the address and the port on which a container listens replaced by those of the pod."""
    text = re.sub(r"(?<![\w.])0\.0\.0\.0(?![\w.])", "$POD_IP", command)
    return re.sub(rf"(?<![\w.$-]){port}(?![\w.])", "$PORT", text) if port else text


def _addressed(value: str, known: Sequence[_Address]) -> str:
    """A value in which names and ports of services are their addresses on the platform, as variables of the pod."""
    for each in known:
        dns = rf"{re.escape(each.name)}(?:\.[a-z0-9-]+(?:\.svc(?:\.cluster\.local)?)?)?"
        if re.fullmatch(dns, value):
            return each.host
        with_port = rf"(?<![\w.$(-]){dns}:{each.port}(?!\d)"
        in_url = rf"(?<=//){dns}(?=/|$)|(?<=@){dns}(?=/|$)"
        value = re.sub(f"{with_port}|{in_url}", each.whole.replace("\\", ""), value)
    return value


def command_of(tree: Tree | None) -> str | None:
    """A command given as a list of arguments or as a text of them."""
    if tree is None:
        return None
    if tree.items:
        return shlex.join(item.written for item in tree.items)
    try:
        return shlex.join(shlex.split(tree.written)) or None
    except ValueError:
        return tree.written


def unused_keys(tree: Tree, used: Sequence[str], about: str) -> Iterator[Unused]:
    """The keys of a mapping that are not among the used ones."""
    for key, item in tree.entries.items():
        if key not in used and not key.startswith("x-"):
            yield Unused(item.place, f"{about}.{key}" if about else key)
