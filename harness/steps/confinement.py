"""What the commands of a session may see, change, start and connect to, as far as this machine can enforce that."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError
from harness.machine.platform_state import Shell
from harness.steps import confined, syscall_filter
from harness.steps.connections import Connections
from harness.steps.destinations import Destinations

_HIDDEN = ("/run", "/var/run", "/etc/kubernetes", "/etc/rancher", "/etc/ssh")
"""Folders with sockets and credentials of this machine; the user's home is hidden too."""
_LOADERS = ("/lib*/ld-*.so*", "/lib/*/ld-*.so*", "/usr/lib*/ld-*.so*", "/usr/lib/*/ld-*.so*")
_START_S = 20.0
"""Time limit for the start of a program in a network namespace."""
_DISPOSABLE = "run runbooks that you do not trust on a disposable machine"


def unavailable() -> str:
    """Return what of the steps' confinement is not available on this machine, and why; "" if all of it is."""
    no_network, old = no_namespace(), "kernel has no Landlock (Linux 6.2 or later)"
    if confined.available() and not no_network:
        return ""
    if confined.available():
        ports = (" and to TCP ports, not to hosts", "UDP and the same ports of other hosts")
        part, rest = ports if confined.restricts_tcp() else (", not to a part of the network", "other hosts")
        return f"steps are confined to files of their own{part}: {no_network}; only the policy keeps them from {rest}"
    if not no_network:
        return (
            f"steps are confined to the platform's network, not to files of their own: this machine's {old}, so that "
            f"only the policy keeps them from its files; {_DISPOSABLE}"
        )
    return (
        f"steps are not confined on this machine: its {old}, and {no_network}, so that only the policy keeps them from "
        f"its files and from other hosts; {_DISPOSABLE}"
    )


@functools.cache
def no_namespace() -> str:
    """Return why steps cannot have a network namespace of their own on this machine; "" if they can. It is tried."""
    machine = os.uname().machine
    if sys.platform != "linux" or not syscall_filter.instructions(machine):
        return f"gameday does not know its system calls ({sys.platform}, {machine})"
    everything: confined.Rules = {"read": ["/"], "write": ["/"], "execute": ["/"], "connect": None, "network": None}
    channel, theirs = socket.socketpair()
    with channel, theirs:
        given = confined.handed(_isolating(everything, theirs.fileno(), ""))
        try:
            done = subprocess.run(
                _command(given, "/bin/sh"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                timeout=_START_S, pass_fds=(theirs.fileno(), given),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"a program in a network namespace did not start within {_START_S:g} s"
        finally:
            os.close(given)
    why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return f"it gives this user no network namespace ({why})" if done.returncode else ""


@dataclass(frozen=True)
class Reach:
    """What the commands of a session need: folders in which they may write, their programs, and destinations."""

    folders: Sequence[Path]
    programs: Sequence[Path]
    destinations: Destinations
    kubectl: Path | None = None
    """The real kubectl, where the platform's shell has that."""


class Confinement:
    """The confinement of one bash: the command that starts it, and then its connections."""

    def __init__(self, bash: str, shell: Shell, reach: Reach, private: Path) -> None:
        """`private` is a folder for what the confined programs only read.

        The bash and its children read the machine without the user's home, write only below their folders and the
        shell's own, start only their programs, and connect only to their destinations. Without a network namespace
        these are TCP ports; with the real kubectl any, since those of its tunnels change. Where that kubectl is a
        script, such as a version manager's, nothing is confined: it may need more.
        """
        self._reach, self._private = reach, private
        self._channel, self._theirs = socket.socketpair()
        real = reach.kubectl is not None
        script = reach.kubectl is not None and _is_script(reach.kubectl)
        self._isolates = not script and not no_namespace()
        restricts = self._isolates or (confined.available() and not script)
        self._given = confined.handed(self._restrictions(_rules(bash, shell, reach), real)) if restricts else None
        self.command = [bash] if self._given is None else _command(self._given, bash)
        self._connections: Connections | None = None

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """Descriptors that the command inherits."""
        channel = (self._theirs.fileno(),) if self._isolates else ()
        return channel if self._given is None else (*channel, self._given)

    def _restrictions(self, rules: confined.Rules, real: bool) -> confined.Rules:
        """The rules with what is allowed of the network; `real`: for the real kubectl."""
        if self._isolates:
            return _isolating(rules, self._theirs.fileno(), self._hosts())
        return {**rules, "connect": None if real else self._reach.destinations.ports}

    def _hosts(self) -> str:
        text, file = self._reach.destinations.hosts, self._private / "hosts"
        if text:
            file.write_text(text)
        return str(file) if text else ""

    def started(self) -> None:
        """Answer the connections of the bash, which was started by `command`. Raises MachineError if it ended."""
        self._close_theirs()
        with self._channel:
            if self._isolates:
                self._connections = Connections(self._received(), self._reach.destinations.allow)

    def _received(self) -> int:
        self._channel.settimeout(_START_S)
        try:
            _, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1, socket.MSG_CMSG_CLOEXEC)
        except TimeoutError:
            descriptors = []
        if not descriptors:
            raise MachineError(
                "the steps' bash cannot be started in a network namespace, although this machine could do that when "
                "the run began; check its limits, such as user.max_net_namespaces, and run the drill again"
            )
        return descriptors[0]

    def close(self) -> None:
        """Answer no more. Idempotent."""
        self._channel.close()
        self._close_theirs()
        if self._connections is not None:
            self._connections.close()

    def _close_theirs(self) -> None:
        """Close what the bash has inherited. Idempotent."""
        self._theirs.close()
        if self._given is not None:
            os.close(self._given)
            self._given = None


def _rules(bash: str, shell: Shell, reach: Reach) -> confined.Rules:
    own = [*reach.folders, shell.cwd, Path(shell.env.get("HOME", shell.cwd))]
    return {
        "read": [*_visible(Path("/"), _hidden()), *map(str, _needed(shell, reach)), *map(str, own)],
        "write": ["/dev/null", "/dev/tty", *map(str, own)],
        "execute": [str(path) for path in _programs(bash, reach)],
        "connect": [],
        "network": None,
    }


def _isolating(rules: confined.Rules, channel: int, hosts: str) -> confined.Rules:
    """The rules for a program in a network namespace of its own."""
    instructions = syscall_filter.instructions(os.uname().machine)
    return {**rules, "network": {"filter": instructions, "channel": channel, "hosts": hosts}}


def _command(given: int, program: str) -> list[str]:
    """The command that starts a program by the rules of a descriptor."""
    return [sys.executable, "-IS", confined.__file__, f"{given}", program]


def _hidden() -> list[Path]:
    return [*(Path(path).resolve() for path in _HIDDEN), Path.home().resolve()]


def _visible(folder: Path, hidden: Sequence[Path]) -> Iterator[str]:
    """Yield the largest parts of a folder in which nothing is hidden."""
    for path in folder.iterdir():
        if path.is_symlink() or path in hidden:
            continue
        if any(each.is_relative_to(path) for each in hidden):
            yield from _visible(path, hidden)
        else:
            yield str(path)


def _needed(shell: Shell, reach: Reach) -> Iterator[Path]:
    """Yield what may be in the user's home although every command needs it: Python, this package, the programs."""
    yield from (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parents[1])
    yield from (program.resolve() for program in reach.programs)
    yield from (Path(shell.env[name]) for name in ("CURL_HOME", "KUBECONFIG") if name in shell.env)
    yield Path("/etc/resolv.conf").resolve()  # below /run on many machines; the real kubectl resolves its server's name


def _is_script(program: Path) -> bool:
    with program.open("rb") as opened:
        return opened.read(2) == b"#!"


def _programs(bash: str, reach: Reach) -> Iterator[Path]:
    """Yield the programs, the interpreters of those that are scripts, and the loaders of all."""
    programs = [*reach.programs, Path(bash), Path("/bin/sh"), Path(sys.executable)]
    yield from (program.resolve() for program in programs)
    yield from (path.resolve() for pattern in _LOADERS for path in Path("/").glob(pattern.lstrip("/")))
