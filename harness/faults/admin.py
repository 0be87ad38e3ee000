"""Faults that the services and the load generator implement themselves, behind their admin ports."""

from __future__ import annotations

from collections.abc import Sequence

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import Injection, Target
from harness.http import call
from harness.machine.platform_state import AdminPort

LOAD = "load"
"""The value of `at` for a fault of the load generator."""


class AdminFault:
    """Posts the fault to the load generator (`at: load`) or to every running pod of the Deployment `at`.

    The receiver ends the fault by itself after `max_duration_s`. See docs/reference/contracts.md for the protocol.
    """

    def __init__(self, spec: FaultSpec) -> None:
        self.text, self._spec = spec.text, spec

    def prepare(self, target: Target) -> Injection:
        ports = self._ports(target)
        text = f"DELETE /faults at {', '.join(port.owner for port in ports)}"
        return Injection(text, lambda: self._apply(ports), lambda: self._revert(ports))

    def _ports(self, target: Target) -> Sequence[AdminPort]:
        return [target.load.admin()] if self._spec.at == LOAD else target.platform.admin(self._spec.at)

    def _apply(self, ports: Sequence[AdminPort]) -> None:
        if not ports:
            fact = f"{self._spec.at} has no running pod to break"
            raise PlatformError(f"fault `{self.text}`: {fact}; check `at` in the bindings")
        for port in ports:
            self._post(port)

    def _post(self, port: AdminPort) -> None:
        body = {"name": self._spec.fault, "max_duration_s": self._spec.max_duration_s, **self._spec.parameters}
        answer = call("POST", f"{port.url}/faults", body, _auth(port))
        if answer.status != 201:
            why = answer.error or f"{answer.status} {answer.body.strip()}"
            hint = "see docs/reference/contracts.md for names and parameters"
            raise PlatformError(f"fault `{self.text}`: {port.owner} did not accept it: {why}; {hint}")

    def _revert(self, ports: Sequence[AdminPort]) -> None:
        """Delete every fault from the ports. A pod that no longer exists has no fault either."""
        for port in ports:
            answer = call("DELETE", f"{port.url}/faults", None, _auth(port))
            gone = answer.error.startswith(("ConnectionRefusedError", "ConnectionResetError"))
            if answer.status != 204 and not gone:
                fact = f"{port.owner} still has it: {answer.error or answer.status}"
                raise PlatformError(f"fault `{self.text}`: {fact}; end the platform by `gameday down`")


def _auth(port: AdminPort) -> dict[str, str]:
    return {"Authorization": f"Bearer {port.token}"}
