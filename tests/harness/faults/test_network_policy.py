"""`partition` and `dns-failure` in a cluster: a stand-in for its API and for a network that enforces policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults import network_policy
from harness.faults.base import FaultState, Injection, Target
from harness.faults.factory import make_fault
from harness.faults.partition import CONNECT
from harness.machine.platform_state import CommandResult
from harness.platforms.kubernetes.platform import KubernetesPlatform
from tests.support.waiting import wait_until

LABELS = {"web": {"tier": "web", "team": "x"}, "store": {"tier": "store", "team": "x"}}
PORTS = {"web": 8000, "store": 8001}
Labels = Mapping[str, str]


class Cluster(KubernetesPlatform):
    """Two Deployments in one namespace; `enforces`: the network enforces policies, as Kubernetes defines them."""

    def __init__(self, *, enforces: bool = True) -> None:
        self.name, self.namespace, self._enforces = "kind", "production", enforces
        self.policies: dict[str, dict[str, Any]] = {}

    def services(self) -> Mapping[str, Sequence[int]]:
        return {name: [port] for name, port in PORTS.items()}

    def labels(self, deployment: str) -> Labels:
        return LABELS[deployment]

    def address(self, deployment: str) -> tuple[str, int]:
        return deployment, PORTS[deployment]

    def create_object(self, path: str, body: Mapping[str, object], why: str) -> None:
        assert path == "/apis/networking.k8s.io/v1/namespaces/production/networkpolicies"
        made = json.loads(json.dumps(body))
        self.policies[made["metadata"]["name"]] = made["spec"]

    def delete_object(self, path: str) -> None:
        self.policies.pop(path.rpartition("/")[2], None)

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        match argv:
            case ("get", what, "--ignore-not-found", *_):
                return CommandResult(0, what if what.removeprefix("networkpolicy/") in self.policies else "", "")
            case ("exec", pod, "-n", _, "--", "timeout", _, "getent", "hosts", _):
                found = self.passes(pod.removeprefix("deployment/"), {"k8s-app": "kube-dns"}, "kube-system", "UDP", 53)
                return CommandResult(0 if found else 124, "", "")
            case ("exec", pod, "-n", _, "--", "sh", "-c", script, name, port) if script == CONNECT:
                passes = self.passes(pod.removeprefix("deployment/"), LABELS[name], self.namespace, "TCP", int(port))
                return CommandResult(0 if passes else 124, "", "")
        raise AssertionError(argv)

    def passes(self, source: str, to: Labels, namespace: str, protocol: str, port: int) -> bool:
        """Whether a pod of the Deployment `source` may send to a pod with the labels `to`."""
        selecting = [
            each for each in self.policies.values() if _matches(each["podSelector"]["matchLabels"], LABELS[source])
        ]
        if not selecting or not self._enforces:
            return True
        rules = [rule for each in selecting for rule in each["egress"]]
        return any(_allows_port(rule, protocol, port) and self._allows_pod(rule, to, namespace) for rule in rules)

    def _allows_pod(self, rule: Mapping[str, Any], to: Labels, namespace: str) -> bool:
        if "to" not in rule:
            return True
        here, named = namespace == self.namespace, {"kubernetes.io/metadata.name": namespace}
        pods = [peer["podSelector"] for peer in rule["to"] if "podSelector" in peer]
        namespaces = [peer["namespaceSelector"] for peer in rule["to"] if "namespaceSelector" in peer]
        return any(here and _selects(each, to) for each in pods) or any(_selects(each, named) for each in namespaces)


def _matches(wanted: Labels, labels: Labels) -> bool:
    return wanted.items() <= labels.items()


def _selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    assert all(each["operator"] == "NotIn" for each in selector["matchExpressions"])
    return all(labels.get(each["key"]) not in each["values"] for each in selector["matchExpressions"])


def _allows_port(rule: Mapping[str, Any], protocol: str, port: int) -> bool:
    ports = rule.get("ports")
    return ports is None or any(
        each["protocol"] == protocol and each["port"] <= port <= each["endPort"] for each in ports
    )


def prepared(cluster: KubernetesPlatform, at: str, fault: str, max_s: float = 60.0, **parameters: str) -> Injection:
    return make_fault(FaultSpec(at, fault, parameters, max_s)).prepare(Target(cluster, None))  # type: ignore[arg-type]


def test_dns_failure_forbids_port_53_and_nothing_else() -> None:
    cluster = Cluster()
    injection = prepared(cluster, "web", "dns-failure")
    assert cluster.policies == {}, "preparing does no harm"
    injection.apply()
    (name,) = cluster.policies
    assert injection.text == f"delete networkpolicy/{name}"
    assert injection.state() == FaultState("active")
    for protocol in ("TCP", "UDP"):
        forbidden = [port for port in range(1, 65536) if not cluster.passes("web", {}, "kube-system", protocol, port)]
        assert forbidden == [53]
    assert cluster.passes("store", {}, "kube-system", "UDP", 53), "other Deployments can"
    injection.revert()
    assert cluster.policies == {}
    injection.revert()


def test_partition_cuts_off_one_deployment_only() -> None:
    cluster = Cluster()
    injection = prepared(cluster, "store", "partition", **{"from": "web"})
    injection.apply()
    assert not cluster.passes("web", LABELS["store"], "production", "TCP", 8001)
    assert cluster.passes("web", LABELS["store"], "production-control", "TCP", 8001), "the other side's can be reached"
    assert cluster.passes("web", {"tier": "other"}, "production", "TCP", 8001)
    assert cluster.passes("web", {}, "kube-system", "UDP", 53)
    cluster.policies.clear()
    assert injection.state().state == "changed"
    injection.revert()


@pytest.mark.parametrize(
    ("at", "fault", "parameters", "what"),
    [
        ("web", "dns-failure", {}, "web can still resolve names"),
        ("store", "partition", {"from": "web"}, "web can still reach store"),
    ],
)
def test_network_that_enforces_no_policies_is_named(
    at: str, fault: str, parameters: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_policy, "EFFECT_S", 0.05)
    cluster = Cluster(enforces=False)
    with pytest.raises(PlatformError, match=f"it has no effect: {what}, so the cluster's network does not enforce"):
        prepared(cluster, at, fault, **parameters).apply()
    assert cluster.policies == {}


def test_it_ends_after_its_maximum_duration() -> None:
    cluster = Cluster()
    injection = prepared(cluster, "web", "dns-failure", 0.2)
    injection.apply()
    wait_until(lambda: injection.state() == FaultState("ended", "it was reverted after 0.2 s"))
    assert cluster.policies == {}


def test_what_does_not_work_before_is_no_incident() -> None:
    cluster = Cluster()
    prepared(cluster, "web", "dns-failure").apply()
    with pytest.raises(PlatformError, match="web cannot resolve names even before it: status 124; check the fault in"):
        prepared(cluster, "web", "dns-failure").apply()
