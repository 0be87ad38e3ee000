"""The tools of the operator's shell: a folder of links, and a curl that knows this platform only."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.errors import MachineError
from harness.machine.loopback import NODE

CLIENT = Path(__file__).parent.parent / "cluster" / "kubectl_shim.py"

NEEDED = {
    "bash": "bash",
    "curl": "curl",
    **dict.fromkeys(("grep", "egrep", "fgrep"), "grep"),
    **dict.fromkeys(
        ("cat", "head", "tail", "sort", "cut", "tr", "wc", "uniq", "date", "sleep", "env", "tee"), "coreutils"
    ),
}
"""Program: the package that brings it."""
SHELL = f"""{" ".join(NEEDED)}
sed awk jq column xargs printf echo true false test timeout watch seq basename dirname"""
NOWHERE = "a-name-that-this-platform-does-not-know-and-that-is-too-long-for-dns"
"""No label of a host name may be longer than 63 characters: no resolver even asks the network for this one."""


def check() -> None:
    """Raises MachineError that names everything that is missing and how to get it."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        packages = " ".join(sorted({NEEDED[name] for name in missing}))
        raise MachineError(
            f"missing on PATH: {', '.join(missing)}; an operator's shell needs them. "
            f"Install them, e.g. apt-get install {packages} (or apk add, dnf install)"
        )


def link(folder: Path, names: Iterable[str]) -> None:
    """Links to those of the programs that exist on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (found := shutil.which(name)) is not None:
            (folder / name).symlink_to(found)


def make_shell(home: Path, socket: Path, services: Mapping[str, str], namespace: str) -> None:
    """An operator's `bin` with kubectl and the allowed tools, an empty `home`, and `.curlrc`; all there or nothing."""
    check()
    fresh = home.with_name(f"{home.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "home").mkdir(parents=True)
    link(fresh / "bin", SHELL.split())
    kubectl = fresh / "bin" / "kubectl"
    words = (sys.executable, "-IS", str(CLIENT), str(socket))
    kubectl.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    kubectl.chmod(0o755)
    nowhere = f"{next(iter(services.values())).rpartition('.')[0]}.{NODE}"  # no one listens there
    (fresh / ".curlrc").write_text(curlrc(services, namespace, nowhere), encoding="utf-8")
    fresh.rename(home)


def names_of(service: str, namespace: str) -> Sequence[str]:
    """The names under which a Service is known in a cluster."""
    return tuple(
        service + rest for rest in ("", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    )


def curlrc(services: Mapping[str, str], namespace: str, localhost: str) -> str:
    """curl's own configuration, which maps names without touching the command.

    `services`: address by name; every port of it goes there, so that a wrong one is refused. `localhost`: where that
    is. Any other host is no host at all: nothing ever leaves this machine.
    """
    lines = ['noproxy = "*"']
    for service, address in services.items():
        hosts = (*names_of(service, namespace), address)
        lines += [f'connect-to = "{host}::{address}:"' for host in hosts]
    lines += [f'connect-to = "{host}::{localhost}:"' for host in ("localhost", "127.0.0.1", localhost)]
    return "\n".join([*lines, f'connect-to = "::{NOWHERE}:"']) + "\n"
