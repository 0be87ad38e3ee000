"""The work of the benchmarks as a scenario of ours: both of our engines drive it."""

from __future__ import annotations

from random import Random

from benchmarks.parts import work
from scenarios import in_locust
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Answer


class Arrivals(HttpScenario):
    """A JSON body built for each arrival; status and body of the answer are checked."""

    name = "arrivals"
    series = ("arrivals",)
    rate_per_s = 200
    schedule = "constant"
    method, path, timeout_s = "POST", work.PATH, 20.0
    number = 0

    def headers(self, rng: Random) -> dict[str, str]:
        """Those of all generators; the engine adds the content type."""
        return {"X-Tenant": work.HEADERS["X-Tenant"]}

    def body(self, rng: Random) -> bytes:
        """The body of the next arrival."""
        self.number += 1
        return work.body(self.number)

    def bad(self, answer: Answer) -> str | None:
        """A wrong answer is an error."""
        return None if work.good(answer.status, answer.body) else "error"


ArrivalsUser = in_locust(Arrivals)
