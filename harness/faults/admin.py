"""Faults that the services or the load carry themselves, asked for at their admin ports (docs/reference/contracts.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import PlatformError
from harness.faults.base import Revert, Target
from harness.http import call
from harness.machine.platform_state import AdminPort

LOAD = "load"


@dataclass(frozen=True)
class AdminFault:
    """`name` with its parameters, at the load (`at` = "load") or at every pod that a Deployment has by then.

    The faulted side ends it by itself after `max_duration_s`, whatever becomes of us.
    """

    at: str
    name: str
    parameters: Mapping[str, float | str | bool]
    max_duration_s: float = 300.0

    @property
    def text(self) -> str:
        """`inference: slot-loss slots=5`."""
        return " ".join([f"{self.at}: {self.name}", *(f"{key}={value}" for key, value in self.parameters.items())])

    def _ports(self, target: Target) -> Sequence[AdminPort]:
        return [target.load.admin()] if self.at == LOAD else target.platform.admin(self.at)

    def inject(self, target: Target) -> None:
        """Ask each port; raises PlatformError when there is none or one refuses."""
        ports = self._ports(target)
        if not ports:
            raise PlatformError(
                f"fault `{self.text}`: {self.at} has no running pod to break; check `at` in the bindings"
            )
        for port in ports:
            self._post(port)

    def _post(self, port: AdminPort) -> None:
        body = {"name": self.name, "max_duration_s": self.max_duration_s, **self.parameters}
        answer = call("POST", f"{port.url}/faults", body, _auth(port))
        if answer.status != 201:
            said = answer.error or f"{answer.status} {answer.body.strip()}"
            hint = "see docs/reference/contracts.md for names and parameters"
            raise PlatformError(f"fault `{self.text}`: {port.owner} did not take it: {said}; {hint}")

    def revert(self, target: Target) -> Revert:
        """Takes every fault off the ports that have it; a pod that is gone took its fault along."""
        ports = self._ports(target)
        return Revert(f"DELETE /faults at {', '.join(port.owner for port in ports)}", lambda: _clear(self.text, ports))


def _auth(port: AdminPort) -> dict[str, str]:
    return {"Authorization": f"Bearer {port.token}"}


def _clear(text: str, ports: Sequence[AdminPort]) -> None:
    for port in ports:
        answer = call("DELETE", f"{port.url}/faults", None, _auth(port))
        gone = answer.error.startswith(("ConnectionRefusedError", "ConnectionResetError"))
        if answer.status != 204 and not gone:
            fact = f"{port.owner} still has it: {answer.error or answer.status}"
            raise PlatformError(f"fault `{text}`: {fact}; end the platform by `gameday down`")
