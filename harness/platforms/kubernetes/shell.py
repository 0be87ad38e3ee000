"""Builds the operator's shell: links to the allowed tools and the real kubectl, a kubeconfig, and a .curlrc."""

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
    """A reserved loopback port on which nothing listens, so that connections are refused."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((LOOPBACK, 0))
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Release the port."""
        self._socket.close()


def make(home: Path, kubeconfig: Path) -> Shell:
    """Create the shell's folder. Raises MachineError that names missing programs."""
    operator_shell.check()
    commands.check("kubectl")
    shutil.rmtree(home, ignore_errors=True)
    (home / "home").mkdir(parents=True)
    operator_shell.link(home / "bin", [*operator_shell.ALLOWED, "kubectl"])
    env = {
        "HOME": str(home / "home"),
        "CURL_HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    return Shell(path=str(home / "bin"), env=env, cwd=home / "home")


def write_curlrc(home: Path, namespace: str, places: Mapping[str, Mapping[int, str]], closed: int) -> None:
    """Write a .curlrc that maps host names to this platform, so that commands run unchanged; atomic.

    `places`: HOST:PORT by Service and port. A Service without a ready pod has none; connections to it, to other ports
    and to localhost are refused at the port `closed`. Any other host name cannot be resolved.
    """
    refusing = f"{LOOPBACK}:{closed}"
    lines = ['noproxy = "*"']
    for service, ports in places.items():
        for host in operator_shell.names_of(service, namespace):
            lines += [f'connect-to = "{host}:{port}:{place}"' for port, place in ports.items()]
            lines.append(f'connect-to = "{host}::{refusing}"')
    lines += [f'connect-to = "{host}::{refusing}"' for host in ("localhost", LOOPBACK)]
    lines.append(f'connect-to = "::{operator_shell.UNKNOWN_HOST}:"')
    fresh = home / ".curlrc.new"
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(home / ".curlrc")
