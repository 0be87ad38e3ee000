"""Decides when the next drill of a run may start beside those that run already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MOST = 8
"""Most drills at a time that are chosen automatically."""
PEAK_FACTOR = 1.5
"""A drill needs so many times its mean processor time in its busiest phases, such as a rollout."""
LEAST_CORES = 0.5
"""Idle cores that a further drill needs in any case, also in the place of one that has ended: its platforms start."""
PLATFORM_BYTES = 750_000_000
"""Free memory that each platform of a further drill needs, with its load."""


@dataclass(frozen=True)
class Room:
    """What the machine has to spare, over the last seconds.

    `used_cores` is what everything on the machine uses: the services of a drill may run in containers, outside of this
    process's descendants, and what other programs use must not be given away.
    """

    idle_cores: float
    used_cores: float
    free_bytes: int
    throttled: bool = False
    """Whether a CPU limit stopped the run."""


class Admission(Protocol):
    """Decides whether a further drill may start."""

    @property
    def most(self) -> int:
        """Most drills at a time."""
        ...

    def admits(self, running: int, room: Room | None, before: int = 0) -> bool:
        """Whether a drill may start beside `running` others. `room`: None while one of them has no load yet.

        `before`: how many have run at the same time in this run, at most.
        """
        ...


@dataclass(frozen=True)
class FixedJobs:
    """As many drills at a time as were asked for."""

    most: int

    def admits(self, running: int, room: Room | None, before: int = 0) -> bool:
        """Whether fewer are running."""
        return running < self.most


@dataclass(frozen=True)
class AutomaticJobs:
    """As many drills at a time as the machine can run without delaying them, at least one.

    A further drill starts once those that run are under load, and the idle cores suffice for its busiest phases. In the
    place of one that has ended it starts at once: so many have run together, and only the mix of phases is another.
    """

    most: int = MOST
    platforms: int = 2
    """Platforms of a drill that are up at a time: one with a sequential control."""

    def admits(self, running: int, room: Room | None, before: int = 0) -> bool:
        """Whether the room suffices for one more drill like those that run."""
        if running == 0:
            return True
        if running >= self.most or room is None or room.throttled:
            return False
        peak_cores = PEAK_FACTOR * room.used_cores / running if running >= before else 0.0
        needed_cores = max(LEAST_CORES, peak_cores)
        return room.idle_cores >= needed_cores and room.free_bytes >= self.platforms * PLATFORM_BYTES
