"""The images that the manifests name, built from this project."""

from __future__ import annotations

import os

from harness.platforms.base import Say
from harness.platforms.kubernetes.commands import run
from harness.platforms.kubernetes.manifests import DEPLOY

PROJECT = DEPLOY.parent
IMAGES = {"gameday-fakes:dev": PROJECT, "gameday-postgres:dev": DEPLOY / "postgres"}
BASE_VARIABLE = "GAMEDAY_BASE_IMAGE"


def build(base: str | None, say: Say) -> tuple[str, ...]:
    """Their names; `base` is what they are built on (default: $GAMEDAY_BASE_IMAGE, then the Dockerfile's own)."""
    base = base or os.environ.get(BASE_VARIABLE)
    argument = ["--build-arg", f"BASE={base}"] if base else []
    for image, folder in IMAGES.items():
        say(f"building the image {image}{f' on {base}' if base else ''}")
        hint = "name a base image that is here by --base-image, e.g. one of `docker images`"
        run(["docker", "build", "--quiet", "-t", image, *argument, str(folder)], hint)
    return tuple(IMAGES)
