"""Clients that each hold a websocket: how many there are to be, in which groups, and how fast new ones come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scenarios.generator import clock
from scenarios.generator.declare import WebSocketScenario
from scenarios.generator.plan import Plan, share
from scenarios.generator.schedule import parse

TICK_S = 0.02
BACKOFF_S = (0.5, 1.5)
CROWD_HOLD_MEAN_S = 30.0
CONNECT_ROW = ("WS", "connect")
MESSAGE_ROW = ("WS", "message")


@dataclass(frozen=True)
class Wish:
    """So many clients of one group, of which `slow_share` take `ack_delay_s` to acknowledge a message.

    A connection's life is exponential: a kept one never sees a new replica, and each new one samples the service.
    """

    clients: int
    hold_mean_s: float
    slow_share: float = 0.0
    ack_delay_s: float = 0.0

    def ack_delay_of(self, number: int) -> float:
        """The delay of the client with this number; slow ones are spread evenly."""
        slow = int((number + 1) * self.slow_share) > int(number * self.slow_share)
        return self.ack_delay_s if slow else 0.0


def wishes(scenario: WebSocketScenario, plan: Plan, index: int) -> Mapping[str, Wish]:
    """What one worker is to hold now: its share of the regular clients and of each crowd that is on."""
    since_s = clock.now() - clock.instant(plan.started_epoch_s)
    regular = plan.rate_per_s * scenario.surge() * parse(plan.schedule).profile.at(since_s)
    crowds = {
        fault.id: Wish(
            int(fault.parameters["connections"]),
            CROWD_HOLD_MEAN_S,
            fault.parameters["slow_share"],
            fault.parameters["ack_delay_ms"] / 1e3,
        )
        for fault in scenario.board.active("crowd")
    }
    return {"regular": Wish(share(round(regular), plan, index), scenario.hold_mean_s), **crowds}


class Member(Protocol):
    """One client of an audience."""

    def leave(self) -> None:
        """Goes away; a handshake and echoes are awaited first, because their outcome is the server's to give."""


@dataclass
class Audience:
    """Keeps each group at its wished size. `come` takes a group's wish, the newcomer's number and when it is due."""

    connect_per_s: float
    come: Callable[[Wish, int, float], Member]
    _groups: dict[str, list[Member]] = field(default_factory=dict)
    _next_s: float = 0.0

    def fit(self, wanted: Mapping[str, Wish]) -> None:
        """Remove surplus clients and add those that are due."""
        for name in self._groups.keys() - wanted.keys():
            _send_away(self._groups.pop(name))
        for name, wish in wanted.items():
            group = self._groups.setdefault(name, [])
            _send_away(group[wish.clients :])
            del group[wish.clients :]
            while len(group) < wish.clients and self._may_come():
                group.append(self.come(wish, len(group), self._next_s))

    def members(self) -> list[Member]:
        """Everybody."""
        return [member for group in self._groups.values() for member in group]

    def _may_come(self) -> bool:
        """Whether the next client of the ramp is due; its due time is then `_next_s`."""
        now_s, gap_s = clock.now(), 1 / self.connect_per_s
        if self._next_s + gap_s > now_s:
            return False
        self._next_s = max(self._next_s + gap_s, now_s - TICK_S)
        return True


def _send_away(members: list[Member]) -> None:
    for member in members:
        member.leave()
