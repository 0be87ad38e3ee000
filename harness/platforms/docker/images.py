"""Finds, pulls and builds the images of a docker platform. An image of ours is named by a digest of its content."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import ImageNotFound
from testcontainers.core.config import testcontainers_config

from harness.cluster.runtimes.container.engine import FAILURES, client, error_text
from harness.cluster.runtimes.container.ledger import PART
from harness.errors import MachineError
from harness.platforms import build_context
from harness.platforms.base import Announce
from harness.platforms.docker.platform import Images

POSTGRES = "postgres:17-alpine"
SHOWN_LINES = 10
"""How many of the builder's last lines an error shows."""
RYUK_OFF = "set TESTCONTAINERS_RYUK_DISABLED=true: `gameday recover` then removes what a killed run leaves"


def prepare(base: str | None, postgres: str | None, announce: Announce) -> Images:
    """Return the images of a platform after pulling or building those that are missing.

    `base` is the image that ours are built on (default: the one that the Dockerfile names). `postgres` is the image of
    the database; the default is the official one, or one of ours when `base` is given, because a base is given where
    nothing can be pulled. Raises MachineError that names the next action.
    """
    engine = client()
    services = of_proxies(base, announce).fakes
    if not postgres and base:
        return Images(services, _built(engine, "gameday-postgres", build_context.database(), base, announce))
    hint = "name a local image by GAMEDAY_POSTGRES_IMAGE, or a base to build one on by --base-image"
    return Images(services, _pulled(engine, postgres or POSTGRES, hint, announce))


def of_proxies(base: str | None, announce: Announce) -> Images:
    """The image of the Services' proxies alone, for services of the user."""
    engine = client()
    _prepare_ryuk(engine, announce)
    return Images(_built(engine, "gameday-fakes", build_context.services(), base, announce))


def id_of(image: str) -> str:
    """The id of an image, shortened as the engine's own lists do. Raises MachineError when the engine lacks it."""
    try:
        return str(client().images.get(image).short_id)
    except FAILURES as error:
        hint = f"`docker images` lists those that are here, `docker pull {image}` gets it from its registry"
        raise MachineError(f"docker: there is no image {image}: {error_text(error)}; {hint}") from error


def image_name(name: str, context: bytes, arguments: Mapping[str, str]) -> str:
    """Return `NAME:DIGEST`; the digest is that of the build context and the build arguments."""
    content = repr(sorted(arguments.items())).encode() + context
    return f"{name}:{hashlib.sha256(content).hexdigest()[:12]}"


def _prepare_ryuk(engine: docker.DockerClient, announce: Announce) -> None:
    """Pull testcontainers' Ryuk, or report that it is disabled."""
    if testcontainers_config.ryuk_disabled:
        announce("Ryuk is disabled (TESTCONTAINERS_RYUK_DISABLED): `gameday recover` removes what a killed run leaves")
    else:
        _pulled(engine, testcontainers_config.ryuk_image, RYUK_OFF, announce)


def _pulled(engine: docker.DockerClient, image: str, hint: str, announce: Announce) -> str:
    """Return the image, pulled when it is missing."""
    try:
        engine.images.get(image)
    except ImageNotFound:
        announce(f"pulling {image}")
        try:
            engine.images.pull(image)
        except FAILURES as error:
            raise MachineError(
                f"docker: the image {image} is not here and cannot be pulled: {error_text(error)}; {hint}"
            ) from error
    return image


def _built(engine: docker.DockerClient, name: str, context: bytes, base: str | None, announce: Announce) -> str:
    """Return the name of an image of ours, built when no image of the same content exists."""
    arguments = {"BASE": base} if base else {}
    image = image_name(name, context, arguments)
    try:
        engine.images.get(image)
    except ImageNotFound:
        announce(f"building the image {image}{f' on {base}' if base else ''}: about a minute, once")
        _build(engine, image, context, arguments, announce)
    return image


def _build(
    engine: docker.DockerClient, image: str, context: bytes, arguments: Mapping[str, str], announce: Announce
) -> None:
    """Build an image and report each step. Raises MachineError with the builder's last lines."""
    output: list[str] = []
    try:
        for entry in engine.api.build(
            fileobj=io.BytesIO(context),
            custom_context=True,
            tag=image,
            buildargs=dict(arguments),
            labels={PART: "image"},
            rm=True,
            forcerm=True,
            decode=True,
        ):
            _read(entry, output, announce)
    except FAILURES as error:
        end = "".join(f"\n  {line}" for line in output[-SHOWN_LINES:])
        raise MachineError(
            f"docker: the image {image} cannot be built: {error_text(error)}; "
            f"name a base image that is here by --base-image. The end of the builder's output:{end}"
        ) from error


def _read(entry: Mapping[str, Any], output: list[str], announce: Announce) -> None:
    """Add one message of the builder to its output. Raises BuildError for a failure."""
    if "error" in entry:
        raise docker.errors.BuildError(str(entry["error"]).strip(), iter(()))
    line = str(entry.get("stream", "")).strip()
    if line:
        output.append(line)
    if re.match(r"Step \d+/\d+ : (RUN|FROM|COPY)", line):
        announce(f"  {line[:100]}")
