"""Some pods that the network no longer lets through to others: a NetworkPolicy, where it is enforced."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from harness.errors import PlatformError
from harness.faults.base import Parameter, Parameters, Revert, Running, Target
from harness.platforms.kubernetes.platform import KubernetesPlatform

PORT = 8080
CHECK_S = 3


class Partition:
    """The pods of `from` may reach every other pod, but none of `at`.

    Policies only ever add what is allowed, so this one stands where nothing else speaks: at the way out of `from`. It
    is noted in the cluster before it is made. That it bites is checked by a call; where it does not, it is an error.
    """

    def __init__(self, at: str, parameters: Mapping[str, Parameter], max_duration_s: float) -> None:
        """Raises BindingError."""
        read = Parameters(at, "partition", parameters)
        self.text, self._at, self._max_s = read.text, at, max_duration_s
        self._from = read.word("from")
        read.done()
        self._running: dict[int, tuple[Running, str]] = {}

    def revert(self, target: Target) -> Revert:
        """Raises PlatformError for a platform without an API server of its own."""
        store = self._store(target)
        path = f"/apis/networking.k8s.io/v1/namespaces/{target.platform.namespace}/networkpolicies"
        name = f"gameday-partition-{secrets.token_hex(3)}"
        running = Running(self._max_s, lambda: store.delete_object(f"{path}/{name}"))
        self._running[id(target.platform)] = (running, name)
        return Revert(f"delete networkpolicy/{name}", running.stop)

    def _store(self, target: Target) -> KubernetesPlatform:
        if not isinstance(target.platform, KubernetesPlatform):
            fact = f"the {target.platform.name} platform has no network policies"
            raise PlatformError(f"fault `{self.text}`: {fact}; use --platform kind, or another fault")
        return target.platform

    def inject(self, target: Target) -> None:
        """Raises PlatformError when the policy does not bite."""
        running, name = self._running[id(target.platform)]
        if not self._passes(target):
            raise PlatformError(f"fault `{self.text}`: {self._from} cannot call {self._at} even without it")
        path = f"/apis/networking.k8s.io/v1/namespaces/{target.platform.namespace}/networkpolicies"
        self._store(target).create_object(path, self._policy(name, target.platform.namespace), self.text)
        running.start()
        if self._passes(target):
            running.stop()
            raise PlatformError(
                f"fault `{self.text}`: it does not bite: {self._from} still reaches {self._at}, so the cluster's "
                "network does not enforce NetworkPolicies; use a CNI that does (kind's own since 0.24, Calico, Cilium)"
            )

    def _passes(self, target: Target) -> bool:
        """Whether a new connection from a pod of `from` is answered."""
        url = f"http://{self._at}:{PORT}/health/live"
        words = ("curl", "-sS", "-o", "/dev/null", "--max-time", str(CHECK_S), url)
        where = (f"deployment/{self._from}", "-n", target.platform.namespace)
        return target.platform.kubectl("exec", *where, "--", *words).status == 0

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
