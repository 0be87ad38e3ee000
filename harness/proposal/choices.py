"""The names that gameday.yaml can use: what a person can choose from, and what is certain because there is one only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

_SHOWN = 20


@dataclass(frozen=True)
class Choices:
    """The services, scenarios with their load series, fault kinds, and the faults and SLOs of the file."""

    services: tuple[str, ...] = ()
    own_services: bool = False
    """Whether the services are those that gameday.yaml describes, not the shipped ones."""
    named_only: bool = False
    """Whether the services are those that the commands name: nothing describes them yet."""
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


def with_named(choices: Choices, named: Sequence[str]) -> Choices:
    """The choices for commands that name services: these, if none of them is known and gameday.yaml has no services."""
    if choices.own_services or not named or set(named) & set(choices.services):
        return choices
    scenarios = choices.scenarios if choices.own_scenarios else {}
    return replace(choices, services=tuple(sorted(named)), named_only=True, scenarios=scenarios)


def listed(names: Iterable[str]) -> str:
    """`a, b, c`; of many the first ones, and how many more there are; `none` without any."""
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return (", ".join(every[:_SHOWN]) or "none") + more
