"""A network partition between two Deployments, by a NetworkPolicy; needs a cluster that enforces those."""

from __future__ import annotations

import secrets

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import kubectl
from harness.faults.parameters import Parameters
from harness.faults.timed_revert import TimedRevert
from harness.platforms.base import Need
from harness.platforms.kubernetes.platform import KubernetesPlatform

PORT = 8080
CHECK_S = 3


class Partition:
    """The pods of `from` can reach every pod except those of `at`.

    NetworkPolicies can only allow traffic, so this one selects the egress of `from`, which no other policy of the
    platform does, and allows everything else. A call before and after shows that the policy takes effect.
    """

    needs = frozenset({Need.NETWORK_POLICIES})

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._from = parameters.string("from")
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        """Raises PlatformError for a platform without an API server of its own."""
        store = self._store(target)
        path = f"/apis/networking.k8s.io/v1/namespaces/{target.platform.namespace}/networkpolicies"
        name = f"gameday-partition-{secrets.token_hex(3)}"
        revert = TimedRevert(self._max_s, lambda: store.delete_object(f"{path}/{name}"))

        def apply() -> None:
            self._require_connection(target)
            store.create_object(path, self._policy(name, target.platform.namespace), self.text)
            revert.start()
            self._require_partition(target, revert)

        return Injection(f"delete networkpolicy/{name}", apply, revert.run, lambda: self._state(target, revert, name))

    def _state(self, target: Target, revert: TimedRevert, name: str) -> FaultState:
        if revert.expired:
            return FaultState("ended", f"it was reverted after {self._max_s:g} s")
        found = kubectl(target, self.text, "get", f"networkpolicy/{name}", "--ignore-not-found", "-o", "name")
        return FaultState("active") if found else FaultState("changed", f"networkpolicy/{name} was deleted")

    def _store(self, target: Target) -> KubernetesPlatform:
        if not isinstance(target.platform, KubernetesPlatform):
            fact = f"the {target.platform.name} platform has no network policies"
            raise PlatformError(f"fault `{self.text}`: {fact}; use --platform kind, or another fault")
        return target.platform

    def _require_connection(self, target: Target) -> None:
        if not self._connects(target):
            fact = f"{self._from} cannot reach {self._at} even before the partition"
            raise PlatformError(f"fault `{self.text}`: {fact}; check `from` and `at` in the bindings")

    def _require_partition(self, target: Target, revert: TimedRevert) -> None:
        if self._connects(target):
            revert.run()
            raise PlatformError(
                f"fault `{self.text}`: it has no effect: {self._from} still reaches {self._at}, so the cluster's "
                "network does not enforce NetworkPolicies; use a CNI that does (kind's own since 0.24, Calico, Cilium)"
            )

    def _connects(self, target: Target) -> bool:
        """Whether a new connection from a pod of `from` to `at` gets an HTTP response."""
        url = f"http://{self._at}:{PORT}/health/live"
        command = ("curl", "-sS", "-o", "/dev/null", "--max-time", str(CHECK_S), url)
        pod = (f"deployment/{self._from}", "-n", target.platform.namespace)
        return target.platform.kubectl("exec", *pod, "--", *command).status == 0

    def _policy(self, name: str, namespace: str) -> dict[str, object]:
        others = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": [self._at]}]}
        elsewhere = {
            "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [namespace]}]
        }
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "podSelector": {"matchLabels": {"app": self._from}},
                "policyTypes": ["Egress"],
                "egress": [{"to": [{"podSelector": others}, {"namespaceSelector": elsewhere}]}],
            },
        }
