"""Websocket connections that are held: the load under which the WS_OVERLOAD runbook is tried."""

from __future__ import annotations

from locust import User, task

from scenarios.generator.audience import CROWD_LIFE_MEAN_S, Audience, Wish, World
from scenarios.generator.bodies import TENANTS
from scenarios.generator.http import address_of
from scenarios.generator.schedule import seeded
from scenarios.generator.session import Session

MS = 1e3


class WsOverload(User):
    """600 clients that hold a connection each; with the fault `crowd` more of them, some slow.

    One user is all there ever is (`fixed_count`): it drives every client.
    """

    fixed_count = 1
    session = Session("ws_overload", series=("connects", "messages"), rate_per_s=600, faults=("surge", "crowd"))
    host = session.settings.host or "ws://127.0.0.1:8080"

    @task
    def drive(self) -> None:
        """Runs until locust stops it."""
        rng = seeded("clients", self.session.settings.seed)
        world = World(
            self.session.ledger,
            rng,
            address_of(str(self.host), ("ws", "http")),
            lambda: f"/ws?tenant={rng.choice(TENANTS)}",
            self._tell,
            lambda client: self.session.broken(self.environment, client.exception),
        )
        try:
            Audience(world).drive(self._wishes)
        finally:
            self.session.stopped()

    def _wishes(self) -> dict[str, Wish]:
        regular = self.environment.parsed_options.rate * self.session.board.product("surge", "factor")
        crowds = {
            fault.id: Wish(
                int(fault.parameters["connections"]),
                fault.parameters["slow_share"],
                fault.parameters["ack_delay_ms"] / MS,
                CROWD_LIFE_MEAN_S,
            )
            for fault in self.session.board.on("crowd")
        }
        return {"regular": Wish(round(regular)), **crowds}

    def _tell(self, what: str, latency_ms: float, length: int, bad: str | None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=what,
            response_time=latency_ms,
            response_length=length,
            exception=ConnectionError(bad) if bad else None,
            context={},
        )
