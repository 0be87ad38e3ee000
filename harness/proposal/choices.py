"""The names that gameday.yaml can use: what a person can choose from, and what is certain because there is one only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_SHOWN = 12


@dataclass(frozen=True)
class Choices:
    """The services, scenarios with their load series, fault kinds, and the faults and SLOs of the file."""

    services: tuple[str, ...] = ()
    own_services: bool = False
    """Whether the services are the user's own, not the shipped ones."""
    scenarios: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own_scenarios: bool = False
    """Whether gameday.yaml defines the scenarios itself."""
    fault_kinds: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()

    @property
    def only_service(self) -> str | None:
        """The one service of the user."""
        return self.services[0] if self.own_services and len(self.services) == 1 else None

    @property
    def only_scenario(self) -> str | None:
        """The one scenario that gameday.yaml defines."""
        return next(iter(self.scenarios)) if self.own_scenarios and len(self.scenarios) == 1 else None


def listed(names: Iterable[str]) -> str:
    """`a, b, c`; of many the first ones, and how many more there are; `none` without any."""
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return (", ".join(every[:_SHOWN]) or "none") + more
