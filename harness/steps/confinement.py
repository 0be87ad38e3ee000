"""What the commands of a session may see, change and start, where the kernel can enforce it (Landlock, Linux 6.2)."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.machine.platform_state import Shell
from harness.steps import confined

_HIDDEN = ("/run", "/var/run", "/etc/kubernetes", "/etc/rancher", "/etc/ssh")
"""Folders with sockets and credentials of this machine; the user's home is hidden too."""
_LOADERS = ("/lib*/ld-*.so*", "/lib/*/ld-*.so*", "/usr/lib*/ld-*.so*", "/usr/lib/*/ld-*.so*")


def unavailable() -> str:
    """Return what of the steps' confinement is not available on this machine, and why; "" if all of it is."""
    if confined.restricts_tcp():
        return ""
    if confined.available():
        return (
            "steps are confined to files of their own, not to a part of the network: this machine's kernel is older "
            "than Linux 6.7; only the policy keeps them from other hosts"
        )
    return (
        "steps are not confined on this machine: its kernel has no Landlock (Linux 6.2 or later), so that only the "
        "policy keeps them from its files; run runbooks that you do not trust on a disposable machine"
    )


@dataclass(frozen=True)
class Reach:
    """What the commands of a session need: folders in which they may write, their programs, and TCP ports."""

    folders: Sequence[Path] = ()
    programs: Sequence[Path] = ()
    ports: Sequence[int] = ()


def command(bash: str, shell: Shell, reach: Reach) -> list[str]:
    """Return the command that starts this bash confined: it and its children read the machine without the user's home,
    write only below their folders and the shell's own, start only their programs, and connect only to their ports.

    With the real kubectl any port is allowed, since those of its tunnels change. Where that kubectl is a script, such
    as a version manager's, nothing is confined: it may need more.
    """
    real = "KUBECONFIG" in shell.env
    if not confined.available() or (real and _is_script(shutil.which("kubectl", path=shell.path))):
        return [bash]
    own = [*reach.folders, shell.cwd, Path(shell.env.get("HOME", shell.cwd))]
    rules: confined.Rules = {
        "read": [*_visible(Path("/"), _hidden()), *map(str, _needed(shell, reach)), *map(str, own)],
        "write": ["/dev/null", "/dev/tty", *map(str, own)],
        "execute": [str(path) for path in _programs(bash, reach)],
        "connect": None if real else list(reach.ports),
    }
    return [sys.executable, "-IS", confined.__file__, json.dumps(rules), bash]


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


def _is_script(program: str | None) -> bool:
    if program is None:
        return False
    with Path(program).open("rb") as opened:
        return opened.read(2) == b"#!"


def _programs(bash: str, reach: Reach) -> Iterator[Path]:
    """Yield the programs, the interpreters of those that are scripts, and the loaders of all."""
    programs = [*reach.programs, Path(bash), Path("/bin/sh"), Path(sys.executable)]
    yield from (program.resolve() for program in programs)
    yield from (path.resolve() for pattern in _LOADERS for path in Path("/").glob(pattern.lstrip("/")))
