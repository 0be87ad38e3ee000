"""Contract of a load: open arrivals on one platform, and a stream of counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.machine.platform_state import AdminPort

OnMessage = Callable[[Mapping[str, Any]], None]
"""Called with each message of the load stream (docs/reference/contracts.md)."""


class Load(Protocol):
    """A scenario that is run on a platform. Every method except `stop` may raise PlatformError."""

    def start(self, on_message: OnMessage, on_death: Callable[[str], None]) -> None:
        """Start the load; returns after its first message. Calls `on_death` with the reason if it ends by itself."""
        ...

    def admin(self) -> AdminPort:
        """The admin port for faults of the clients."""
        ...

    def stop(self) -> None:
        """End the load after its last counts. Idempotent, never raises."""
        ...
