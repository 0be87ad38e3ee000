"""The images that the manifests name, built from this project."""

from __future__ import annotations

import os

from harness.platforms.base import Announce, PlatformOptions
from harness.platforms.kubernetes.commands import run
from harness.platforms.kubernetes.manifests import DEPLOY

PROJECT = DEPLOY.parent
SERVICES = {"gameday-fakes:dev": [str(PROJECT)], "gameday-postgres:dev": [str(DEPLOY / "postgres")]}
LOAD = {"gameday-load:dev": ["-f", str(DEPLOY / "load" / "Dockerfile"), str(PROJECT)]}
BASE_VARIABLE = "GAMEDAY_BASE_IMAGE"


def build(options: PlatformOptions, announce: Announce) -> tuple[str, ...]:
    """Their names. Built on the base image that was named ($GAMEDAY_BASE_IMAGE), else on the Dockerfiles' own."""
    base = options.base_image or os.environ.get(BASE_VARIABLE)
    argument = ["--build-arg", f"BASE={base}"] if base else []
    wanted = {**SERVICES, **(LOAD if options.load_in_cluster else {})}
    for image, context in wanted.items():
        announce(f"building the image {image}{f' on {base}' if base else ''}")
        hint = "name a base image that is here by --base-image, e.g. one of `docker images`"
        run(["docker", "build", "--quiet", "-t", image, *argument, *context], hint)
    return tuple(wanted)
