"""The load: each file beside this one declares a scenario, and is a locustfile as well."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.generator.declare import Scenario


def in_locust(scenario: type[Scenario]) -> type | None:
    """The declaration as a user class where locust loads the file, else None: the fast worker pays for no locust."""
    if "locust" not in sys.modules:
        return None
    from scenarios.locusts.session import user_class  # noqa: PLC0415

    return user_class(scenario)
