"""What faults of a cluster's network have in common: a NetworkPolicy that is created, verified and deleted again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import kubectl
from harness.faults.timed_revert import TimedRevert
from harness.machine.objects import Obj
from harness.machine.waiting import wait_until
from harness.platforms.kubernetes.platform import KubernetesPlatform

EFFECT_S = 5.0
"""How long a network may take to enforce a new policy."""


@dataclass(frozen=True)
class Forbidden:
    """What the pods of one Deployment can no longer do.

    NetworkPolicies can only allow traffic: `egress` allows everything else. It takes effect for pods that no other
    policy selects for egress.
    """

    fault: str
    name: str
    """Of the fault, for the object's name."""
    deployment: str
    egress: Obj
    refusal: Callable[[], str]
    """Why a pod of the Deployment cannot do it at the moment; "" if it can."""
    does: str
    """`reach inference`, for errors."""


def cluster_of(target: Target, fault: str) -> KubernetesPlatform:
    """The platform of a target. Raises PlatformError for one without an API server of its own."""
    if not isinstance(target.platform, KubernetesPlatform):
        fact = f"the {target.platform.name} platform has no network policies"
        raise PlatformError(f"fault `{fault}`: {fact}; use --platform kind, or another fault")
    return target.platform


def forbidding(target: Target, what: Forbidden, max_s: float) -> Injection:
    """The fault on one target; it verifies that the policy takes effect. Raises PlatformError."""
    store = cluster_of(target, what.fault)
    path = f"/apis/networking.k8s.io/v1/namespaces/{store.namespace}/networkpolicies"
    name = f"gameday-{what.name}-{secrets.token_hex(3)}"
    policy = _policy(name, store.namespace, store.labels(what.deployment), what.egress)
    revert = TimedRevert(max_s, lambda: store.delete_object(f"{path}/{name}"))

    def apply() -> None:
        if why := what.refusal():
            fact = f"{what.deployment} cannot {what.does} even before it: {why}"
            raise PlatformError(f"fault `{what.fault}`: {fact}; check the fault in the bindings")
        store.create_object(path, policy, what.fault)
        revert.start()
        if not wait_until(lambda: bool(what.refusal()), EFFECT_S):
            revert.run()
            raise PlatformError(
                f"fault `{what.fault}`: it has no effect: {what.deployment} can still {what.does}, so the cluster's "
                "network does not enforce NetworkPolicies; use a CNI that does (kind's own since 0.24, Calico, Cilium)"
            )

    def state() -> FaultState:
        if revert.expired:
            return FaultState("ended", f"it was reverted after {max_s:g} s")
        found = kubectl(target, what.fault, "get", f"networkpolicy/{name}", "--ignore-not-found", "-o", "name")
        return FaultState("active") if found else FaultState("changed", f"networkpolicy/{name} was deleted")

    return Injection(f"delete networkpolicy/{name}", apply, revert.run, state)


def _policy(name: str, namespace: str, labels: Mapping[str, str], egress: Obj) -> Obj:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": dict(labels)}, "policyTypes": ["Egress"], "egress": [egress]},
    }
