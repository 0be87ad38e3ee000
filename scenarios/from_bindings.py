"""Load that `loads:` of a gameday.yaml defines: its requests are data, in the file that GAMEDAY_REQUESTS names."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from scenarios import in_locust
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Answer, Request
from scenarios.generator.requests_file import ExpectingRequest, read_declaration

DECLARATION = read_declaration()


class FromBindings(HttpScenario):
    """Requests that are drawn by their shares, or sent in the recorded order; each has a status of good answers."""

    name = DECLARATION.name
    series = DECLARATION.series
    rate_per_s = DECLARATION.rate_per_s

    def __init__(self) -> None:
        super().__init__()
        self._choose = DECLARATION.chooser()

    def draw(self, rng: Random) -> Request:
        """Return the next request of the recording, or one that is drawn."""
        return self._choose(rng)

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """Return an answer as bad in all series of its request if its status is not one of a good answer."""
        assert isinstance(request, ExpectingRequest), "draw returns no others"
        low, high = request.good
        return {} if low <= answer.status <= high else dict.fromkeys(request.series, f"http_{answer.status}")


FromBindingsUser = in_locust(FromBindings)
