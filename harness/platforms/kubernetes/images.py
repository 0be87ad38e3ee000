"""Builds the images of the shipped manifests, and finds those of the user's on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence

from harness.platforms import build_context
from harness.platforms.base import Announce, PlatformOptions
from harness.platforms.kubernetes.commands import run

BASE_VARIABLE = "GAMEDAY_BASE_IMAGE"
SERVICES: dict[str, Callable[[], bytes]] = {
    "gameday-fakes:dev": build_context.services,
    "gameday-postgres:dev": build_context.database,
}
LOAD: dict[str, Callable[[], bytes]] = {"gameday-load:dev": build_context.load}


def build(options: PlatformOptions, announce: Announce) -> tuple[str, ...]:
    """Build the images and return their names. Raises PlatformError with the builder's last lines.

    They are based on `--base-image`, else on $GAMEDAY_BASE_IMAGE, else on the image that the Dockerfile names.
    """
    base = options.base_image or os.environ.get(BASE_VARIABLE)
    argument = ["--build-arg", f"BASE={base}"] if base else []
    wanted = {**SERVICES, **(LOAD if options.load_in_cluster else {})}
    for image, context in wanted.items():
        announce(f"building the image {image}{f' on {base}' if base else ''}")
        hint = "name a base image that is here by --base-image, e.g. one of `docker images`"
        run(["docker", "build", "--quiet", "-t", image, *argument, "-"], hint, stdin=context())
    return tuple(wanted)


def here(names: Sequence[str]) -> tuple[str, ...]:
    """The images that this machine's engine has; the nodes have to pull the others."""
    return tuple(name for name in names if _is_here(name))


def _is_here(name: str) -> bool:
    argv = ["docker", "image", "inspect", "--format", "{{.Id}}", "--", name]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0
