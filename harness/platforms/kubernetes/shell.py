"""The operator's shell: links to the allowed tools and to the real kubectl, a kubeconfig of our own, a curl that knows
the Services' names."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from harness.machine import operator_shell
from harness.machine.platform_state import Shell
from harness.platforms.kubernetes import commands
from harness.platforms.kubernetes.cluster_ref import LOOPBACK


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
    operator_shell.check()
    commands.check("kubectl")
    shutil.rmtree(home, ignore_errors=True)
    (home / "home").mkdir(parents=True)
    operator_shell.link(home / "bin", [*operator_shell.SHELL.split(), "kubectl"])
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
        for host in operator_shell.names_of(service, namespace):
            lines += [f'connect-to = "{host}:{port}:{place}"' for port, place in ports.items()]
            lines.append(f'connect-to = "{host}::{nobody}"')
    lines += [f'connect-to = "{host}::{nobody}"' for host in ("localhost", LOOPBACK)]
    lines.append(f'connect-to = "::{operator_shell.NOWHERE}:"')
    fresh = home / ".curlrc.new"
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(home / ".curlrc")
