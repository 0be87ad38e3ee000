"""Fills the volume of a service until no program can write to it any more."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from harness.bindings import FaultSpec
from harness.errors import BindingError, PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.in_pod import InPod
from harness.faults.kubectl import kubectl, pods_of, running_pods
from harness.faults.parameters import Parameters
from harness.faults.timed_revert import TimedRevert
from harness.platforms.base import Need

FILE = "gameday-full-disk"
REMOVED, TIMED_OUT = 3, 124
"""Exit statuses of FILL: its file has been removed or emptied, by others or by itself."""
WAIT_S, POLL_S = 30.0, 0.5
"""A pod whose container is being restarted has none in which the file could be removed."""
MOST_KIB = 2**20

FIND = r"""
[ "$1$POD_VOLUME" ] || { echo "it has no variable POD_VOLUME; say in \`path\` where its volume is mounted"; exit 1; }
dir=$(cd "${1:-$POD_VOLUME}" && pwd -P) || exit 1
place=" / $(printf %s "$dir" | sed 's/ /\\040/g') "
size=$(grep -F "$place" /proc/self/mountinfo | sed -n 's/.* - tmpfs .*[ ,]size=\([0-9]*\)k.*/\1/p' | tail -n 1)
[ "$size" ] || { echo "$dir is no volume in memory with a size of its own; filling it could fill a disk"; exit 1; }
[ "$size" -le "$0" ] || { echo "the volume $dir has $size KiB; only one of at most $0 KiB is filled"; exit 1; }
file=$dir/$2
"""
"""Finds `file` on the volume; $0: the largest size in KiB, $1: the folder, $2: the file's name. Nothing that is not
bounded by a mount of its own may be filled: the machine's disk would be."""
FILL = (
    FIND
    + r"""
[ ! -e "$file" ] || { echo "$file exists; give another name in \`file\`"; exit 1; }
trap 'rm -f "$file"; exit 124' TERM
cat /dev/zero > "$file" 2> /dev/null
printf 1 2> /dev/null > "$file.probe" && { rm -f "$file" "$file.probe"; echo "$dir can still be written"; exit 1; }
rm -f "$file.probe"
echo $PPID
while [ -s "$file" ]; do sleep 0.5 & wait $!; done
exit 3
"""
)
EMPTY = (
    FIND
    + r"""
[ "$3" = 0 ] || kill -TERM -"$3" 2> /dev/null
rm -f "$file" && [ ! -e "$file" ]
"""
)


class FullDisk:
    """Writes a file to the volume of every running pod of the Deployment `at`, until the volume is full.

    The volume is a file system in memory with a size of its own, mounted at `path` (default: the pod's POD_VOLUME). A
    process in the pod removes the file after `max_duration_s`. New pods have new volumes.
    """

    needs = frozenset({Need.VOLUME})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._path, self._file = parameters.string("path", ""), parameters.string("file", FILE)
        parameters.reject_unknown()
        if not re.fullmatch(r"\w[\w.-]*", self._file):
            raise BindingError(f"fault `{self.text}`: file must be the name of a file, not `{self._file}`")

    def prepare(self, target: Target) -> Injection:
        filling = _Filling(self.text, self._at, [str(MOST_KIB), self._path, self._file], target)
        revert = TimedRevert(self._max_s, filling.empty)

        def apply() -> None:
            filling.fill(self._max_s)
            revert.start()

        def state() -> FaultState:
            ended = FaultState("ended", f"the volumes of {self._at} were emptied after {self._max_s:g} s")
            return ended if revert.expired else filling.state()

        return Injection(f"remove {self._file} from the volumes of {self._at}", apply, revert.run, state)


class _Filling:
    """The file on the volumes of one target's pods. `arguments`: those of FIND."""

    def __init__(self, text: str, at: str, arguments: Sequence[str], target: Target) -> None:
        self._text, self._at, self._arguments, self._target = text, at, arguments, target
        self._runs: dict[str, InPod] = {}

    def fill(self, max_s: float) -> None:
        for pod in running_pods(self._target, self._text, self._at):
            self._runs[pod] = InPod(self._target, pod, self._text)
            self._runs[pod].start(FILL, self._arguments, max_s)

    def empty(self) -> None:
        """Remove the file everywhere. Raises PlatformError."""
        present = self._present()
        for pod, run in self._runs.items():
            if pod in present and run.status != REMOVED:  # what has its name since then is not ours
                self._empty(pod)
            run.let_go()

    def _present(self) -> list[str]:
        existing = pods_of(self._target, self._at)
        return [pod for pod in self._runs if pod in existing]

    def _empty(self, pod: str) -> None:
        """While the container of the pod is being restarted, try again; in the end delete the pod with its volume."""
        deadline_s = time.monotonic() + WAIT_S
        while True:
            try:
                return self._runs[pod].end(EMPTY, self._arguments)
            except PlatformError:
                if time.monotonic() > deadline_s:
                    break
                time.sleep(POLL_S)
        kubectl(self._target, self._text, "delete", "pod", pod, "--wait=false", "--ignore-not-found")
        return None

    def state(self) -> FaultState:
        """In effect as long as one pod has the file."""
        pods = self._present()
        if not pods:
            return FaultState("changed", f"{', '.join(self._runs)} no longer exists; a new pod has a new volume")
        states = [self._state(pod) for pod in pods]
        found = {state.state: state for state in reversed(states)}
        return next(found[name] for name in ("ended", "active", "unknown", "changed") if name in found)

    def _state(self, pod: str) -> FaultState:
        status, file = self._runs[pod].status, self._arguments[2]
        if status is None:
            return FaultState("active", f"{file} fills the volume of {pod}")
        if status == REMOVED:
            return FaultState("changed", f"{file} was removed from the volume of {pod}")
        if status == TIMED_OUT:
            return FaultState("ended", f"{file} removed itself from the volume of {pod}")
        return FaultState("unknown", f"the container of {pod} was restarted; its volume still has {file}")
