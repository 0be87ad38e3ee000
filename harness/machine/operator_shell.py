"""Builds the operator's shell: a folder of links to the allowed tools, and a curl that reaches this platform only."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.errors import MachineError
from harness.machine.loopback import NODE

PACKAGES = {
    "bash": "bash",
    "curl": "curl",
    **dict.fromkeys(("grep", "egrep", "fgrep"), "grep"),
    **dict.fromkeys(
        ("cat", "head", "tail", "sort", "cut", "tr", "wc", "uniq", "date", "sleep", "env", "tee"), "coreutils"
    ),
}
"""Required programs, each with the system package that contains it."""
ALLOWED = (
    *(*PACKAGES, "sed", "awk", "jq", "column", "xargs", "printf", "echo"),
    *("true", "false", "test", "timeout", "watch", "seq", "basename", "dirname"),
)
"""Programs of the operator's shell, as far as this machine has them."""
UNKNOWN_HOST = "a-name-that-this-platform-does-not-know-and-that-is-too-long-for-dns"
"""A host name that cannot be resolved: a label is limited to 63 characters, so no resolver asks the network for it."""


def check() -> None:
    """Raises MachineError that names all missing programs and the packages that contain them."""
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        raise MachineError(
            f"missing on PATH: {', '.join(missing)}; the operator's shell needs them. "
            f"Install them, e.g. apt-get install {packages} (or apk add, dnf install)"
        )


def link(folder: Path, names: Iterable[str]) -> None:
    """Create `folder` with links to those of the programs that this machine has."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (found := shutil.which(name)) is not None:
            (folder / name).symlink_to(found)


def make_shell(home: Path, kubectl: Sequence[str], services: Mapping[str, str], namespace: str) -> None:
    """Create the folder `home` with `bin` (kubectl, allowed tools), an empty `home` and `.curlrc`, all or nothing.

    `kubectl`: command that `bin/kubectl` runs with its own arguments appended. `services`: address by Service name.
    """
    check()
    fresh = home.with_name(f"{home.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "home").mkdir(parents=True)
    link(fresh / "bin", ALLOWED)
    script = fresh / "bin" / "kubectl"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(kubectl)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    refusing = f"{next(iter(services.values())).rpartition('.')[0]}.{NODE}"  # nothing listens on the node's address
    (fresh / ".curlrc").write_text(curlrc(services, namespace, refusing), encoding="utf-8")
    fresh.rename(home)


def names_of(service: str, namespace: str) -> Sequence[str]:
    """The host names of a Service in a cluster's DNS."""
    return tuple(
        service + rest for rest in ("", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    )


def curlrc(services: Mapping[str, str], namespace: str, localhost: str) -> str:
    """A .curlrc that maps host names to this platform, so that commands run unchanged.

    `services`: address by Service name, for every port, so that a wrong port is refused. `localhost`: the address that
    stands for localhost. Any other host name cannot be resolved, so that no request leaves this machine.
    """
    lines = ['noproxy = "*"']
    for service, address in services.items():
        hosts = (*names_of(service, namespace), address)
        lines += [f'connect-to = "{host}::{address}:"' for host in hosts]
    lines += [f'connect-to = "{host}::{localhost}:"' for host in ("localhost", "127.0.0.1", localhost)]
    return "\n".join([*lines, f'connect-to = "::{UNKNOWN_HOST}:"']) + "\n"
