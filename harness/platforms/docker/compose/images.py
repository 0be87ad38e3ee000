"""Builds and pulls the images of a compose project, and completes its containers by what the images say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import docker
from docker.errors import ImageNotFound

from harness.bindings import ComposeProject
from harness.cluster.runtimes.container.engine import FAILURES, client, error_text
from harness.errors import BindingError
from harness.platforms.base import Announce
from harness.platforms.docker.compose import config
from harness.platforms.docker.compose.model import Container, HealthCheck, argv_of


def complete(project: ComposeProject, containers: Sequence[Container], announce: Announce) -> tuple[Container, ...]:
    """The containers, with the port and the health check of their images where the file names none.

    Raises BindingError for images that cannot be built or pulled, and for those that name several ports.
    """
    for each in containers:
        if each.built:
            announce(f"building the image of {each.service.name}")
            config.build(project, each.service.name, announce)
    engine = client()
    problems: list[str] = []
    found = []
    for each in containers:
        try:
            found.append(_completed(each, _config_of(engine, each, announce)))
        except BindingError as error:
            problems.append(str(error))
    if problems:
        raise BindingError("\n".join(problems))
    return tuple(found)


def _config_of(engine: docker.DockerClient, each: Container, announce: Announce) -> Mapping[str, Any]:
    """The configuration of a container's image, which is pulled when it is missing."""
    try:
        try:
            image = engine.images.get(each.image)
        except ImageNotFound:
            announce(f"pulling {each.image}")
            engine.images.pull(each.image)
            image = engine.images.get(each.image)
    except FAILURES as error:
        fact = f"{each.image} is not here and cannot be pulled: {error_text(error)}"
        raise BindingError(f"{each.service.at('image')}: {fact}") from error
    found: Mapping[str, Any] = image.attrs.get("Config") or {}
    return found


def _completed(each: Container, image: Mapping[str, Any]) -> Container:
    ports = each.ports or (tuple(_exposed(image)) if each.service.listens else ())
    if len(ports) > 1:
        fix = f"choose one in gameday.yaml: compose.services.{each.service.name}.port"
        fact = f"{each.image} exposes the ports {', '.join(map(str, ports))}; a Service has one here: {fix}"
        raise BindingError(f"{each.service.at('image')}: {fact}")
    health = None if each.no_health else each.health or _health(image.get("Healthcheck") or {})
    return replace(each, ports=ports, health=health)


def _exposed(image: Mapping[str, Any]) -> Iterator[int]:
    for port in sorted(image.get("ExposedPorts") or ()):
        number, _, protocol = str(port).partition("/")
        if protocol in ("", "tcp"):
            yield int(number)


def _health(check: Mapping[str, Any]) -> HealthCheck | None:
    """The health check of an image; its times are nanoseconds, 0 for the default."""
    command = argv_of(tuple(map(str, check.get("Test") or ())))
    if not command:
        return None
    default = HealthCheck(command)
    return HealthCheck(
        command,
        check.get("Interval", 0) / 1e9 or default.interval_s,
        check.get("Timeout", 0) / 1e9 or default.timeout_s,
        check.get("Retries", 0) or default.retries,
    )
