"""A drill's phases, for locust beside a scenario: `locust -f scenarios/timeout.py,scenarios/phases.py`."""

from locust import events

from scenarios.locusts.shape import Phases, add_argument


class Drill(Phases):
    """A baseline, an incident with its surge, a recovery."""


events.init_command_line_parser.add_listener(add_argument)  # type: ignore[no-untyped-call]  # locust leaves it unannotated
