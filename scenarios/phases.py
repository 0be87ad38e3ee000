"""The phases of a drill as a load shape, to combine with a scenario in locust.

Usage: `locust -f scenarios/timeout.py,scenarios/phases.py`.
"""

from locust import events

from scenarios.locusts.shape import Phases, add_argument


class Drill(Phases):
    """Baseline, incident with a surge, recovery."""


events.init_command_line_parser.add_listener(add_argument)  # type: ignore[no-untyped-call]  # locust leaves it unannotated
