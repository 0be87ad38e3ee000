"""The operator's shell: links to the allowed tools and to the real kubectl, a kubeconfig of our own, a curl that knows
the Services' names."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from harness.errors import MachineError
from harness.platforms.base import Shell
from harness.platforms.kubernetes.place import LOOPBACK

NEEDED = ("bash", "curl", "grep", "kubectl")
TOOLS = """bash curl kubectl grep egrep fgrep cat head tail sort cut tr wc uniq date sleep env tee sed awk jq column
xargs printf echo true false test timeout watch seq basename dirname"""
NOWHERE = "a-name-that-this-platform-does-not-know-and-that-is-too-long-for-dns"
"""No label of a host name may be longer than 63 characters: no resolver even asks the network for this one."""


class Closed:
    """A port of loopback that is ours and on which nobody listens: who connects is refused."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        self._socket.close()


def make(home: Path, kubeconfig: Path) -> Shell:
    """The folder with its links; raises MachineError that names what is missing."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        raise MachineError(f"missing on PATH: {', '.join(missing)}; an operator's shell needs them, install them")
    shutil.rmtree(home, ignore_errors=True)
    (home / "home").mkdir(parents=True)
    (home / "bin").mkdir()
    for name in TOOLS.split():
        if (found := shutil.which(name)) is not None:
            (home / "bin" / name).symlink_to(Path(found).resolve() if name == "kubectl" else found)
    env = {
        "HOME": str(home / "home"),
        "CURL_HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    return Shell(path=str(home / "bin"), env=env, cwd=home / "home")


def write_curlrc(home: Path, namespace: str, places: Mapping[str, Mapping[int, str]], closed: int) -> None:
    """curl's own configuration, which maps names without touching the command; all of it there or none.

    `places`: host:port by Service and port; a Service without a ready pod has none and is refused, as are other ports
    and localhost, at the port `closed`. Any other host is no host at all: nothing ever leaves this machine.
    """
    nobody = f"{LOOPBACK}:{closed}"
    lines = ['noproxy = "*"']
    for service, ports in places.items():
        for host in names_of(service, namespace):
            lines += [f'connect-to = "{host}:{port}:{place}"' for port, place in ports.items()]
            lines.append(f'connect-to = "{host}::{nobody}"')
    lines += [f'connect-to = "{host}::{nobody}"' for host in ("localhost", LOOPBACK)]
    lines.append(f'connect-to = "::{NOWHERE}:"')
    fresh = home / ".curlrc.new"
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(home / ".curlrc")


def names_of(service: str, namespace: str) -> tuple[str, ...]:
    """The names under which a Service is known in a cluster."""
    rests = ("", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local")
    return tuple(service + rest for rest in rests)
