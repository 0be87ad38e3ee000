"""The faults that the shipped services and load generator implement, as in docs/reference/contracts.md."""

from __future__ import annotations

from collections.abc import Mapping

from harness.bindings import FaultSpec
from harness.faults.admin import LOAD
from harness.faults.factory import FAULTS

IMPLEMENTED: Mapping[str, Mapping[str, frozenset[str]]] = {
    "inference": {"slot-loss": frozenset({"slots"}), "slow": frozenset({"factor"})},
    "tool-service": {"wedge": frozenset(), "store-down": frozenset()},
    "realtime": {"sender-loss": frozenset({"slots"})},
    "api-gateway": {},
    LOAD: {
        "surge": frozenset({"factor"}),
        "new-clients": frozenset({"share"}),
        "crowd": frozenset({"connections", "slow_share", "ack_delay_ms"}),
    },
}
"""Parameters by Deployment (or `load`) and name of the fault."""


def not_implemented(spec: FaultSpec, of_scenario: tuple[str, ...] | None, *, own: bool = False) -> str:
    """Why a fault would be refused by the process that has to implement it; "" if it would not, or is not known.

    `of_scenario` are the faults that the scenario declares; None: not known. `own`: the services are the user's, which
    implement no fault.
    """
    if spec.fault in FAULTS:
        return ""
    if own and spec.at != LOAD:
        return f"a service of yours implements no fault itself; faults for every service: {', '.join(FAULTS.names())}"
    known = IMPLEMENTED.get(spec.at, {})
    names = of_scenario if spec.at == LOAD else tuple(known)
    if names is not None and spec.at in IMPLEMENTED and spec.fault not in names:
        names_shown = ", ".join((*names, *(() if spec.at == LOAD else FAULTS.names()))) or "none"
        return f"{spec.at} has no fault `{spec.fault}`; it has {names_shown}"
    unknown = sorted(spec.parameters.keys() - known[spec.fault]) if spec.fault in known else []
    if unknown:
        has = ", ".join(sorted(known[spec.fault])) or "none"
        return f"`{spec.fault}` has no parameter {', '.join(unknown)}; it has {has}"
    return ""
