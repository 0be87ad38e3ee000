"""The work of the benchmarks as a scenario, for both of our engines."""

from __future__ import annotations

from random import Random

from benchmarks.parts import work
from scenarios import in_locust
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Answer


class Arrivals(HttpScenario):
    """Build a JSON body per arrival; check status and body of the answer."""

    name = "arrivals"
    series = ("arrivals",)
    rate_per_s = 200
    schedule = "constant"
    method, path, timeout_s = "POST", work.PATH, 20.0
    number = 0

    def headers(self, rng: Random) -> dict[str, str]:
        """Return the headers that all generators send; the engine adds the content type."""
        return {"X-Tenant": work.HEADERS["X-Tenant"]}

    def body(self, rng: Random) -> bytes:
        """Return the body of the next arrival."""
        self.number += 1
        return work.body(self.number)

    def bad(self, answer: Answer) -> str | None:
        """Return `error` for a wrong answer."""
        return None if work.good(answer.status, answer.body) else "error"


ArrivalsUser = in_locust(Arrivals)
