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

CHECK_S = 3
CONNECT = f"""\
if command -v bash >/dev/null; then exec timeout {CHECK_S} bash -c ': </dev/tcp/$0/$1' "$0" "$1"
elif command -v nc >/dev/null; then exec nc -z -w {CHECK_S} "$0" "$1"
elif command -v curl >/dev/null; then exec curl -sS -o /dev/null --max-time {CHECK_S} "http://$0:$1/"
else echo 'gameday: no program that connects' >&2; exit 1
fi"""
"""Connects to host $0 and port $1, with what the image has."""


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
        policy = self._policy(name, store)
        revert = TimedRevert(self._max_s, lambda: store.delete_object(f"{path}/{name}"))

        def apply() -> None:
            self._require_connection(store)
            store.create_object(path, policy, self.text)
            revert.start()
            self._require_partition(store, revert)

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

    def _require_connection(self, platform: KubernetesPlatform) -> None:
        if why := self._refusal(platform):
            fact = f"{self._from} cannot reach {self._at} even before the partition: {why}"
            raise PlatformError(f"fault `{self.text}`: {fact}; check `from` and `at` in the bindings")

    def _require_partition(self, platform: KubernetesPlatform, revert: TimedRevert) -> None:
        if not self._refusal(platform):
            revert.run()
            raise PlatformError(
                f"fault `{self.text}`: it has no effect: {self._from} still reaches {self._at}, so the cluster's "
                "network does not enforce NetworkPolicies; use a CNI that does (kind's own since 0.24, Calico, Cilium)"
            )

    def _refusal(self, platform: KubernetesPlatform) -> str:
        """Why a pod of `from` gets no new connection to `at`; "" if it gets one."""
        host, port = platform.address(self._at)
        pod = (f"deployment/{self._from}", "-n", platform.namespace)
        done = platform.kubectl("exec", *pod, "--", "sh", "-c", CONNECT, host, str(port))
        return "" if done.status == 0 else done.stderr.strip() or f"status {done.status}"

    def _policy(self, name: str, platform: KubernetesPlatform) -> dict[str, object]:
        """A pod is none of `at` if one of its labels differs."""
        others = [
            {"podSelector": {"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}}
            for key, value in platform.labels(self._at).items()
        ]
        named = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [platform.namespace]}
        elsewhere = {"namespaceSelector": {"matchExpressions": [named]}}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": platform.namespace},
            "spec": {
                "podSelector": {"matchLabels": dict(platform.labels(self._from))},
                "policyTypes": ["Egress"],
                "egress": [{"to": [*others, elsewhere]}],
            },
        }
