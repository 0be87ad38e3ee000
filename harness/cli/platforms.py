"""Which platforms there are, and which one the command line means."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.errors import MachineError
from harness.platforms.base import PlatformOptions, Provider

MAKERS = {
    "local": "harness.platforms.local.provider:LocalProvider",
    "docker": "harness.platforms.docker.provider:DockerProvider",
    "kind": "harness.platforms.kubernetes.provider:KindProvider",
    "kubernetes": "harness.platforms.kubernetes.provider:KubernetesProvider",
}
"""The maker of each kind; imported only when it is asked for, because some need packages that are extras."""
KIND = "platform.txt"
"""The file in a standing platform's folder that says of which kind it is."""


def add_options(word: argparse.ArgumentParser) -> None:
    """`--platform`, and what can be said of one."""
    kinds = ", ".join(MAKERS)
    word.add_argument("--platform", choices=tuple(MAKERS), help=f"where the services run: {kinds} (default: local)")
    word.add_argument("--base-image", metavar="IMAGE", help="what the services' image is built on (default: its own)")
    word.add_argument("--node-image", metavar="IMAGE", help="what kind's node is made of (default: kind's own)")
    word.add_argument("--context", metavar="NAME", help="kubernetes: a cluster that is there already, and is a sandbox")


def chosen(options: argparse.Namespace, kind: str | None = None) -> Provider:
    """The maker that is asked for, or else that of `kind`; raises MachineError for an option that it has no use for."""
    name = options.platform or kind or "local"
    said = {field: getattr(options, field, None) for field in PlatformOptions.__dataclass_fields__}
    maker = _maker(name, PlatformOptions(**said))
    if idle := [field for field, value in said.items() if value is not None and field not in maker.options]:
        flags = ", ".join("--" + field.replace("_", "-") for field in idle)
        raise MachineError(f"{flags}: the {name} platform has no use for it; leave it out or choose another --platform")
    return maker


def recovering() -> Iterator[Provider]:
    """A maker of each kind that can be loaded here: what left something behind could be loaded when it did."""
    for name in MAKERS:
        yield _maker(name, PlatformOptions())


def _maker(name: str, options: PlatformOptions) -> Provider:
    module, _, member = MAKERS[name].partition(":")
    made: Provider = getattr(importlib.import_module(module), member)(options)
    return made


def kind_in(folder: Path) -> str | None:
    """Of which kind the platform is that stands in `folder`; None when nobody said."""
    try:
        kind = (folder / KIND).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return kind if kind in MAKERS else None


def note_kind(folder: Path, maker: Provider) -> None:
    """Remember it, on disk before anything is started."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KIND).write_text(f"{maker.name}\n", encoding="utf-8")


def forget_kind(folder: Path) -> None:
    """It has ended: another kind may stand there now."""
    (folder / KIND).unlink(missing_ok=True)


def announce(line: str) -> None:
    """Tell people, beside the result, what becomes of the platforms."""
    sys.stderr.write(f"gameday: {line}\n")
