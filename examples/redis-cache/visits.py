"""The load of the example: visitors of the shop; with `new-clients` also robots that are a new visitor each time."""

from random import Random

from scenarios import in_locust
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Answer, Request

PRODUCTS, VISITORS, ROBOTS = 40, 50, 1_000_000_000


class Visits(HttpScenario):
    """60 `GET /products/NUMBER` a second; a 200 is good."""

    name, series, rate_per_s = "visits", ("visits",), 60
    faults = ("surge", "new-clients")
    timeout_s = 5.0

    def draw(self, rng: Random) -> Request:
        """Return a request of a visitor, or of a robot."""
        share = max((fault.parameters["share"] for fault in self.board.active("new-clients")), default=0.0)
        visitor = rng.randrange(ROBOTS if rng.random() < share else VISITORS)
        path, headers = f"/products/{rng.randrange(PRODUCTS)}", {"X-Visitor": str(visitor)}
        return Request("GET", path, headers, b"", self.timeout_s, self.series, "/products")

    def bad(self, answer: Answer) -> str | None:
        """Return the status of an answer that is no page."""
        return None if answer.status == 200 else f"http_{answer.status}"


VisitsUser = in_locust(Visits)
