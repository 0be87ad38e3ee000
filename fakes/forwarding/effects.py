"""What a fault can do to forwarded connections, and the faults that are active in one proxy."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Protocol

from fakes.faults.base import Range, Revert, Scope
from fakes.forwarding.wakes import Wakes

if TYPE_CHECKING:
    from fakes.forwarding.link import Link

SHARE = Range(0.0, 1.0, default=1.0)
SEED = Range(0, 2**32, whole=True, default=1)
"""Seed of a fault's draws: the same one on both sides of a drill."""


class Way(Enum):
    """A direction of a connection."""

    TO_SERVICE = "to the service"
    TO_CLIENT = "to the client"


class Exchange(Protocol):
    """One request and its answer that a fault changes: takes the bytes of both, returns those that go on."""

    def asked(self, data: bytes) -> bytes: ...

    def answered(self, data: bytes) -> bytes: ...


class Draw:
    """Decides at random, from `seed`, whether something is in `share` of all."""

    def __init__(self, parameters: Mapping[str, float]) -> None:
        self._share, self._random = parameters["share"], random.Random(parameters["seed"])  # noqa: S311  no secret

    def hit(self) -> bool:
        """Draw once."""
        return self._random.random() < self._share


class Effect:
    """What one active fault does to connections: here nothing, and a fault overrides what it changes."""

    name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Range]]
    ways: ClassVar[Sequence[Way]] = tuple(Way)
    """The directions in which it holds bytes."""

    def __init__(self, parameters: Mapping[str, float]) -> None: ...

    def met(self, link: Link) -> None:
        """A connection that exists when the fault begins, or a new one."""

    def turn(self, link: Link, request: bytes) -> Exchange | None:
        """The client begins to send, for the first time or after the service has answered.

        Returns the exchange that handles this request, if the fault changes it.
        """
        return None

    def held_until_s(self, link: Link, until_s: float) -> float:
        """Until when bytes are held that would otherwise pass at `until_s`."""
        return until_s

    def piece_bytes(self) -> int:
        """How many bytes pass at a time at most."""
        return sys.maxsize

    def passed_s(self, way: Way, size: int, now_s: float) -> float:
        """When `size` bytes have passed that are next in line now."""
        return now_s


class ActiveFaults:
    """The active effects of one proxy, and its connections."""

    def __init__(self) -> None:
        self.links: set[Link] = set()
        self.wakes = Wakes(asyncio.get_running_loop())
        self._set(())

    def _set(self, effects: tuple[Effect, ...]) -> None:
        """Sort the effects by what they do, so that a request passes no others."""
        self.effects = effects
        self.turning = tuple(each for each in effects if _overrides(each, "turn"))
        self.pacing = tuple(each for each in effects if _overrides(each, "passed_s"))
        holding = [each for each in effects if _overrides(each, "held_until_s")]
        self.holding = {way: tuple(each for each in holding if way in each.ways) for way in Way}

    def begin(self, effect: Effect) -> Revert:
        """Apply an effect to all connections, existing and new; returns what ends it."""
        self._set((*self.effects, effect))
        for link in tuple(self.links):
            effect.met(link)
        self._reconsider()
        return lambda: self._end(effect)

    def _end(self, effect: Effect) -> None:
        self._set(tuple(each for each in self.effects if each is not effect))
        self._reconsider()

    def _reconsider(self) -> None:
        for link in tuple(self.links):
            link.reconsider()
        self.wakes.sweep()


def _overrides(effect: Effect, method: str) -> bool:
    return getattr(type(effect), method) is not getattr(Effect, method)


class LinkLimits:
    """The limits of one direction of a connection by all active effects. Implements `fakes.forwarding.pipe.Limits`."""

    def __init__(self, faults: ActiveFaults, link: Link, way: Way) -> None:
        self._faults, self._link, self._way = faults, link, way
        self.refresh()

    def refresh(self) -> None:
        """The active effects have changed."""
        self._holding, self._pacing = self._faults.holding[self._way], self._faults.pacing
        self.paced = bool(self._pacing)
        self.unlimited = not (self._pacing or self._holding)

    def held_until_s(self, arrived_s: float) -> float:
        for effect in self._holding:
            arrived_s = effect.held_until_s(self._link, arrived_s)
        return arrived_s

    def piece_bytes(self) -> int:
        return min(effect.piece_bytes() for effect in self._pacing)

    def passed_s(self, size: int, now_s: float) -> float:
        return max(effect.passed_s(self._way, size, now_s) for effect in self._pacing)


class ProxyFault:
    """A fault of the proxy. Implements `fakes.faults.base.Fault`; each application is an effect of its own."""

    scope: Scope = "deployment"

    def __init__(self, effect: type[Effect], active: ActiveFaults) -> None:
        self.name, self.parameters = effect.name, effect.parameters
        self._effect, self._active = effect, active

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        return self._active.begin(self._effect(parameters))
