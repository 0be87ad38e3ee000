"""The load of the example: 40 orders a second."""

from random import Random

from scenarios import in_locust
from scenarios.generator.declare import HttpScenario


class Orders(HttpScenario):
    """`POST /orders`; a 200 with a JSON object is good."""

    name, series, rate_per_s = "orders", ("orders",), 40
    method, path, timeout_s = "POST", "/orders", 5.0

    def body(self, rng: Random) -> bytes:
        """Return an order."""
        return b'{"article": %d}' % rng.randint(1, 999)


OrdersUser = in_locust(Orders)
