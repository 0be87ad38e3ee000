"""Groups of websocket clients: their target sizes, and the rate at which new clients connect."""

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
class GroupTarget:
    """Target of one group: number of clients, and the share of slow ones, which acknowledge after `ack_delay_s`.

    Lifetimes of connections are exponential: one that is kept for ever never reaches a new replica, and each new one
    samples the service.
    """

    clients: int
    hold_mean_s: float
    slow_share: float = 0.0
    ack_delay_s: float = 0.0

    def ack_delay_of(self, number: int) -> float:
        """Return the delay in seconds of client `number`; slow ones are spread evenly."""
        slow = int((number + 1) * self.slow_share) > int(number * self.slow_share)
        return self.ack_delay_s if slow else 0.0


def targets_of(scenario: WebSocketScenario, plan: Plan, index: int) -> Mapping[str, GroupTarget]:
    """Return the targets of one worker now: its share of the regular clients, and each active crowd."""
    since_s = clock.now() - clock.instant(plan.started_epoch_s)
    regular = plan.rate_per_s * scenario.surge() * parse(plan.schedule).profile.at(since_s)
    crowds = {
        fault.id: GroupTarget(
            int(fault.parameters["connections"]),
            CROWD_HOLD_MEAN_S,
            fault.parameters["slow_share"],
            fault.parameters["ack_delay_ms"] / 1e3,
        )
        for fault in scenario.board.active("crowd")
    }
    return {"regular": GroupTarget(share(round(regular), plan, index), scenario.hold_mean_s), **crowds}


class Member(Protocol):
    """One client of a group."""

    def leave(self) -> None:
        """Disconnect, after the outcome of an outstanding handshake and of outstanding echoes is known."""


@dataclass
class ClientGroups:
    """Keep each group at its target size. `add` takes a group's target, the new client's number and its due time."""

    connect_per_s: float
    add: Callable[[GroupTarget, int, float], Member]
    _groups: dict[str, list[Member]] = field(default_factory=dict)
    _next_s: float = 0.0

    def fit(self, wanted: Mapping[str, GroupTarget]) -> None:
        """Remove surplus clients and add those that are due."""
        for name in self._groups.keys() - wanted.keys():
            _disconnect(self._groups.pop(name))
        for name, target in wanted.items():
            group = self._groups.setdefault(name, [])
            _disconnect(group[target.clients :])
            del group[target.clients :]
            while len(group) < target.clients and self._next_is_due():
                group.append(self.add(target, len(group), self._next_s))

    def _next_is_due(self) -> bool:
        """Return whether the next client of the ramp is due; `_next_s` is then its due time."""
        now_s, gap_s = clock.now(), 1 / self.connect_per_s
        if self._next_s + gap_s > now_s:
            return False
        self._next_s = max(self._next_s + gap_s, now_s - TICK_S)
        return True


def _disconnect(members: list[Member]) -> None:
    for member in members:
        member.leave()
