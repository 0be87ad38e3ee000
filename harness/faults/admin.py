"""Faults that the services and the load generator implement themselves, behind their admin ports."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.repeated import Repeated
from harness.http import call
from harness.machine.platform_state import AdminPort

LOAD = "load"
"""The value of `at` for a fault of the load generator."""
DEPLOYMENT = "deployment"
"""The scope of a fault that new pods have too."""
FOLLOW_S = 0.25
"""How often new pods are looked for."""
AGAIN = 4
"""Every so many looks, the fault is also posted to the pods that have it already."""


class AdminFault:
    """Posts the fault to the load generator (`at: load`) or to every running pod of the Deployment `at`.

    The receiver's answer has the fault's scope. One of scope `deployment` is posted to later pods too, as soon as their
    admin ports answer, and to the new process of a restarted container. The receiver ends the fault by itself after
    `max_duration_s`. See docs/reference/contracts.md for the protocol.
    """

    def __init__(self, spec: FaultSpec) -> None:
        self.text, self.spec = spec.text, spec

    def prepare(self, target: Target) -> Injection:
        on_target = _OnTarget(self.spec, self.ports(target))
        text = f"DELETE /faults at {', '.join(port.owner for port in on_target.ports)}"
        return Injection(text, on_target.apply, on_target.revert, on_target.state)

    def ports(self, target: Target) -> Callable[[], Sequence[AdminPort]]:
        """Return what lists the admin ports that exist at the moment. Raises PlatformError when there never are any."""
        at = self.spec.at
        return lambda: [target.load.admin()] if at == LOAD else target.platform.admin(at)


class _OnTarget:
    """The fault on one target; every admin port knows it by the same id, and applies it once per process."""

    def __init__(self, spec: FaultSpec, present: Callable[[], Sequence[AdminPort]]) -> None:
        self._spec, self._present = spec, present
        self._id = f"{spec.fault}-{secrets.token_hex(4)}"
        self.ports = self._present()
        self._had: dict[str, AdminPort] = {}
        self._following = Repeated(FOLLOW_S, spec.max_duration_s, self._follow)
        self._looks = 0

    def apply(self) -> None:
        if not self.ports:
            raise self._error(f"{self._spec.at} has no running pod to break; check `at` in the bindings")
        scopes = {self._post(port, self._spec.max_duration_s) for port in self.ports}
        if DEPLOYMENT in scopes:
            self._following.start()

    def _follow(self) -> None:
        """Post to new pods at every look, and to known ones sometimes: their containers may have been restarted."""
        self._looks += 1
        for port in self._present():
            if port.owner not in self._had or self._looks % AGAIN == 0:
                with suppress(PlatformError):  # it does not answer yet
                    self._post(port, self._following.left_s)

    def _post(self, port: AdminPort, max_duration_s: float) -> str:
        """Apply the fault at the port; return its scope. Applied before in the same process, it stays as it is."""
        body = {"id": self._id, "name": self._spec.fault, "max_duration_s": max_duration_s, **self._spec.parameters}
        answer = call("POST", f"{port.url}/faults", body, _auth(port))
        if answer.status != 201:
            why = answer.error or f"{answer.status} {answer.body.strip()}"
            hint = "see docs/reference/contracts.md for names and parameters"
            raise self._error(f"{port.owner} did not accept it: {why}; {hint}")
        self._had[port.owner] = port
        return str(json.loads(answer.body).get("scope", ""))

    def revert(self) -> None:
        """Delete every fault from the ports. A pod that no longer exists has no fault either."""
        self._following.stop()
        for port in {**{port.owner: port for port in self.ports}, **self._had}.values():
            answer = call("DELETE", f"{port.url}/faults", None, _auth(port))
            gone = answer.error.startswith(("ConnectionRefusedError", "ConnectionResetError"))
            if answer.status != 204 and not gone:
                fact = f"{port.owner} still has it: {answer.error or answer.status}"
                raise self._error(f"{fact}; end the platform by `gameday down`")

    def state(self) -> FaultState:
        """Whether the fault is in effect at the ports to which it was posted. `ended` on one of them outweighs the
        others; otherwise it is in effect as long as one of them has it."""
        present = {port.owner for port in self._present()}
        had = tuple(self._had.values())
        states = [self._state_at(port, port.owner in present) for port in had]
        if self._following.running and present - self._had.keys():
            states.append(FaultState("unknown", f"no pod of {self._spec.at} has it yet"))
        found = {state.state: state for state in reversed(states)}
        return next(found[name] for name in ("ended", "active", "unknown", "changed") if name in found)

    def _state_at(self, port: AdminPort, exists: bool) -> FaultState:
        if not exists:
            return FaultState("changed", f"{port.owner} no longer exists")
        answer = call("GET", f"{port.url}/faults/{self._id}", None, _auth(port))
        if answer.status == 404:
            return FaultState("unknown" if self._following.running else "changed", f"{port.owner} has a new process")
        if answer.status != 200:
            return FaultState("unknown", f"{port.owner} does not answer: {answer.error or answer.status}")
        on = json.loads(answer.body)["active"]
        return FaultState("active" if on else "ended", f"{port.owner} {'has it' if on else 'no longer has it'}")

    def _error(self, fact: str) -> PlatformError:
        return PlatformError(f"fault `{self._spec.text}`: {fact}")


def _auth(port: AdminPort) -> dict[str, str]:
    return {"Authorization": f"Bearer {port.token}"}
