"""State that the websocket clients of one run share."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol

from scenarios.generator import clock
from scenarios.generator.declare import WebSocketScenario
from scenarios.generator.exchange import Address
from scenarios.generator.ledger import Ticket
from scenarios.generator.report import Report
from scenarios.generator.statistics import Key

from .client_groups import Member
from .engine import Engine, StatisticsSink, tls_context


class Present(Member, Protocol):
    """One client, in any state."""

    def end(self) -> None:
        """Disconnect at once."""


@dataclass
class Shared:
    """State shared by all clients; `clients` are the present ones, in any state."""

    engine: Engine
    scenario: WebSocketScenario
    report: Report
    statistics: StatisticsSink
    address: Address
    rng: Random

    def __post_init__(self) -> None:
        self.ledger = self.report.ledger
        self.clients: set[Present] = set()
        self.aim(self.address)

    def aim(self, address: Address) -> None:
        """Set the address of new connections."""
        self.address, self.tls = address, tls_context() if address.tls else None

    def due(self, series: str, due_s: float) -> Ticket:
        """Count a handshake or a message that starts now."""
        tickets, now_s = self.ledger.due((series,), due_s), clock.now()
        if self.ledger.started(tickets, now_s):
            self.statistics.late(now_s - due_s)
        return tickets[0]

    def settle(self, key: Key, ticket: Ticket, length: int, bad: str | None) -> None:
        """Settle a handshake or a message with its outcome."""
        now_s = clock.now()
        self.ledger.settle(ticket, now_s, bad)
        self.statistics.log(key, now_s - ticket.due_s, length, (bad,) if bad else ())
