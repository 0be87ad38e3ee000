"""Load scenarios: each module in this folder declares one scenario and is a locustfile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.generator.declare import Scenario


def in_locust(scenario: type[Scenario]) -> type | None:
    """Return the scenario as a locust user class, None outside locust: the fast worker does not import locust."""
    if "locust" not in sys.modules:
        return None
    from scenarios.locusts.session import user_class  # noqa: PLC0415

    return user_class(scenario)
