"""The contract of a load: open arrivals on one platform, whose counts are told as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.machine.platform_state import AdminPort

Told = Callable[[Mapping[str, Any]], None]
"""Takes one line of the load stream (docs/reference/contracts.md)."""


class Load(Protocol):
    """One running scenario. Every method may raise PlatformError; `stop` never does and can be called twice."""

    def start(self, tell: Told, ended: Callable[[str], None]) -> None:
        """Begin, return when the first word was heard. `ended` is called with a reason if the load dies by itself."""
        ...

    def admin(self) -> AdminPort:
        """Where faults that the clients carry are injected."""
        ...

    def stop(self) -> None:
        """End it and take its last counts."""
        ...
