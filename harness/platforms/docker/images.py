"""The images of a platform: built from this project where they are not there, and named by what they are made of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound
from testcontainers.core.config import testcontainers_config

from harness.cluster.runtimes.container.engine import FAILURES, client, words
from harness.cluster.runtimes.container.ledger import PART
from harness.errors import MachineError
from harness.platforms.base import Announce
from harness.platforms.docker.platform import Images

PROJECT = Path(__file__).resolve().parents[3]
POSTGRES = "postgres:17-alpine"
FAKES = ("Dockerfile", ".dockerignore", "fakes")
"""What decides of the image of the pods."""
RYUK_OFF = "set TESTCONTAINERS_RYUK_DISABLED=true: what a killed run leaves, `gameday recover` removes"


def prepare(base: str | None, postgres: str | None, announce: Announce) -> Images:
    """All images that a platform needs, there when it returns. Raises MachineError with the next act.

    `base` is what ours are built on (default: the Dockerfile's own). The database's is `postgres`; without it, the
    official one, or, where a base was named because nothing can be pulled, one of ours.
    """
    engine = client()
    _ryuk(engine, announce)
    fakes = _built(engine, "gameday-fakes", PROJECT, FAKES, base, announce)
    if not postgres and base:
        return Images(
            fakes, _built(engine, "gameday-postgres", PROJECT / "deploy" / "postgres", (".",), base, announce)
        )
    hint = "name one that is here by GAMEDAY_POSTGRES_IMAGE, or a base to build one on by --base-image"
    return Images(fakes, _there(engine, postgres or POSTGRES, hint, announce))


def _ryuk(engine: docker.DockerClient, announce: Announce) -> None:
    """Announce who cleans up after a SIGKILL."""
    if testcontainers_config.ryuk_disabled:
        announce("Ryuk is disabled (TESTCONTAINERS_RYUK_DISABLED): what a killed run leaves, `gameday recover` removes")
    else:
        _there(engine, testcontainers_config.ryuk_image, RYUK_OFF, announce)


def _there(engine: docker.DockerClient, image: str, hint: str, announce: Announce) -> str:
    """The image, pulled where it is missing."""
    try:
        engine.images.get(image)
    except ImageNotFound:
        announce(f"pulling {image}")
        try:
            engine.images.pull(image)
        except FAILURES as error:
            raise MachineError(
                f"docker: the image {image} is not here and cannot be pulled: {words(error)}; {hint}"
            ) from error
    return image


def _built(
    engine: docker.DockerClient, name: str, context: Path, parts: tuple[str, ...], base: str | None, announce: Announce
) -> str:
    """`NAME:DIGEST`, where the digest is that of everything that goes into it: what has changed is built anew."""
    if not (context / "Dockerfile").exists():
        raise MachineError(f"{context / 'Dockerfile'} is missing: the image is built from a checkout of the project")
    arguments = {"BASE": base} if base else {}
    image = f"{name}:{_digest(context, parts, arguments)}"
    try:
        engine.images.get(image)
    except ImageNotFound:
        announce(f"building the image {image}{f' on {base}' if base else ''}: about a minute, once")
        _build(engine, image, context, arguments, announce)
    return image


def _digest(context: Path, parts: tuple[str, ...], arguments: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(arguments.items())).encode())
    for path in _files(context, parts):
        digest.update(f"{path.relative_to(context)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _files(context: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    for part in parts:
        place = context / part
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _build(
    engine: docker.DockerClient, image: str, context: Path, arguments: Mapping[str, str], announce: Announce
) -> None:
    """Says each step; raises MachineError with the builder's last words and the command that shows them all."""
    options = "".join(f" --build-arg {key}={value}" for key, value in arguments.items())
    said: list[str] = []
    try:
        for entry in engine.api.build(
            path=str(context),
            tag=image,
            buildargs=dict(arguments),
            labels={PART: "image"},
            rm=True,
            forcerm=True,
            decode=True,
        ):
            _hear(entry, said, announce)
    except FAILURES as error:
        raise MachineError(
            f"docker: the image {image} cannot be built: {words(error)}: {' '.join(said[-3:])}; name a base image that "
            f"is here by --base-image, or see what fails by `docker build{options} {context}`"
        ) from error


def _hear(entry: Mapping[str, Any], said: list[str], announce: Announce) -> None:
    if "error" in entry:
        raise docker.errors.BuildError(str(entry["error"]).strip(), iter(()))
    line = str(entry.get("stream", "")).strip()
    if line:
        said.append(line)
    if re.match(r"Step \d+/\d+ : (RUN|FROM|COPY)", line):
        announce(f"  {line[:100]}")
