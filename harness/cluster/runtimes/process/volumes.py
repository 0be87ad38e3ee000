"""The volumes of pods that are processes: each a file system in memory, with the size that its pod declares."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.cluster.manifest import volume_bytes
from harness.cluster.state import Pod
from harness.errors import PlatformError
from harness.machine.process_ledger import MARK

MOUNT = (sys.executable, "-IS", str(Path(__file__).with_name("volume_mount.py")))
SMALLEST_BYTES = 65536


@dataclass(frozen=True)
class Volume:
    """The namespaces in which a volume is mounted, open as files of this process."""

    user: int
    mount: int

    @property
    def entering(self) -> list[str]:
        """The command that runs the program after it with the volume."""
        return [*MOUNT, "enter", *(f"/proc/{os.getpid()}/fd/{number}" for number in (self.user, self.mount))]

    def close(self) -> None:
        """Give the volume's memory back as soon as no process uses it."""
        os.close(self.user)
        os.close(self.mount)


class Volumes:
    """The volumes of one platform, by pod. They live in this process, and outlive restarts of containers."""

    def __init__(self, folder: Path) -> None:
        """`folder`: the platform's."""
        self._folder = folder
        self._made: dict[str, Volume] = {}

    def entering(self, pod: Pod) -> list[str]:
        """The command that runs the program after it with the pod's volume; empty for a pod without one.

        Blocks at the first call for a pod (0.05 s). Raises PlatformError.
        """
        size = volume_bytes(pod.template)
        if size is None:
            return []
        if pod.name not in self._made:
            pod.volume.mkdir()
            self._made[pod.name] = make(size, pod.volume, {MARK: str(self._folder)})
        return self._made[pod.name].entering

    def release(self, pod: Pod) -> None:
        """Remove the volume of an ended pod."""
        if volume := self._made.pop(pod.name, None):
            volume.close()


def make(size_bytes: int, folder: Path, env: dict[str, str]) -> Volume:
    """Mount a volume at a folder, for those only who enter it. Raises PlatformError where the machine forbids that."""
    argv = [*MOUNT, "make", str(size_bytes), str(folder)]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdout.readline():
            user, mount = (os.open(f"/proc/{process.pid}/ns/{kind}", os.O_RDONLY) for kind in ("user", "mnt"))
            return Volume(user, mount)
        raise PlatformError(f"a volume cannot be made on this machine: {process.stderr.read().strip()}")


def missing() -> str:
    """Why this machine can make no volumes; "" if it can."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            make(SMALLEST_BYTES, Path(folder), {}).close()
        except PlatformError as error:
            return str(error)
    return ""
