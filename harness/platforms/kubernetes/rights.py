"""The rights in a namespace of the account that runs gameday and of the account that executes the runbook."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from harness.errors import MachineError
from harness.machine.objects import Json, Obj, section
from harness.manifests import Manifests
from harness.manifests.model import ACCESS_KINDS, KINDS
from harness.platforms.kubernetes import access, before, lease, revert
from harness.platforms.kubernetes.access import OWN_OPERATOR
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.cluster_ref import ClusterRef

_AT_ONCE = 16
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_READ = ("get", "list", "watch")
_CHANGE = ("get", "create", "update", "delete")
"""To keep an object as it was, to replace it, and to put it back."""


@dataclass(frozen=True)
class Rule:
    """What may be done with resources of an API group; `names`: with objects of these names only."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def body(self) -> Obj:
        """The rule of a Role."""
        resources, verbs = list[Json](self.resources), list[Json](self.verbs)
        rule: Obj = {"apiGroups": [self.group], "resources": resources, "verbs": verbs}
        return {**rule, "resourceNames": list[Json](self.names)} if self.names else rule


OF_OPERATOR = (
    Rule("", ("pods",), (*_READ, "delete", "patch")),
    Rule("", ("pods/log", "services", "endpoints", "events", "persistentvolumeclaims", "configmaps"), _READ),
    Rule("", ("replicationcontrollers",), _READ),
    Rule("", ("pods/exec",), ("create", "get")),
    Rule("apps", ("deployments",), (*_READ, "patch", "update")),
    Rule("apps", ("deployments/scale",), ("get", "patch", "update")),
    Rule("apps", ("replicasets", "statefulsets", "daemonsets", "controllerrevisions"), _READ),
    Rule("autoscaling", ("horizontalpodautoscalers",), _READ),
    Rule("batch", ("jobs", "cronjobs"), _READ),
    Rule("discovery.k8s.io", ("endpointslices",), _READ),
    Rule("events.k8s.io", ("events",), _READ),
    Rule("metrics.k8s.io", ("pods",), ("get", "list")),
    Rule("networking.k8s.io", ("ingresses", "networkpolicies"), _READ),
    Rule("policy", ("poddisruptionbudgets",), _READ),
)
"""What the account that executes the runbook needs in a namespace, as `operator` in deploy/base/access.yaml."""


def of_gameday(manifests: Manifests, namespace: str) -> Sequence[Rule]:
    """What the account that runs gameday needs in a namespace."""
    journals = (revert.NAME, before.RUN, before.UP)
    rules = [
        Rule("", ("namespaces",), ("get",), (namespace,)),
        Rule("", ("serviceaccounts/token",), ("create",), (OWN_OPERATOR,)),
        Rule("", ("pods",), _READ),
        Rule("", ("pods/log",), ("get",)),
        Rule("", ("pods/proxy",), ("get",)),
        Rule("", ("events",), _READ),
        Rule("", ("services",), ("list",)),
        Rule("", ("configmaps",), ("create",)),
        Rule("", ("configmaps",), ("get", "patch"), journals),
        Rule("coordination.k8s.io", ("leases",), ("create",)),
        Rule("coordination.k8s.io", ("leases",), ("get", "patch", "update", "delete"), (lease.NAME, lease.RUN)),
        Rule("apps", ("deployments",), ("get", "list", "create", "delete")),
        Rule("networking.k8s.io", ("networkpolicies",), ("create", "delete")),
    ]
    return [*rules, *_of_kinds(frozenset(each.kind for each in manifests.objects))]


def _of_kinds(kinds: frozenset[str]) -> Iterator[Rule]:
    """To apply, and put back, the kinds of the manifests."""
    for kind in sorted(kinds & (KINDS.keys() - {"Deployment", *ACCESS_KINDS})):
        version, resource = KINDS[kind]
        yield Rule(version.rpartition("/")[0], (resource,), _CHANGE)


@dataclass(frozen=True)
class _Right:
    verb: str
    group: str
    resource: str
    name: str

    @property
    def text(self) -> str:
        """`create deployments.apps`."""
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {what}{f' {self.name}' if self.name else ''}"


def missing(api: Api, namespace: str, rules: Sequence[Rule]) -> list[str]:
    """Each right that the account of `api` does not have, such as `create deployments.apps`."""
    rights = [
        _Right(verb, rule.group, resource, name)
        for rule in rules
        for verb, resource, name in product(rule.verbs, rule.resources, rule.names or ("",))
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda right: _allowed(api, namespace, right), rights)
        return [right.text for right, allowed in zip(rights, answers, strict=True) if not allowed]


def _allowed(api: Api, namespace: str, right: _Right) -> bool:
    kind, _, below = right.resource.partition("/")
    wanted: Obj = {"namespace": namespace, "verb": right.verb, "group": right.group, "resource": kind}
    wanted |= {"subresource": below} if below else {}
    wanted |= {"name": right.name} if right.name else {}
    review: Obj = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = api.create(_REVIEWS, {**review, "spec": {"resourceAttributes": wanted}})
    return section(answer, "status").get("allowed") is True


GRANT = (
    "`gameday rbac --user NAME` prints what an administrator of the cluster applies; `kubectl auth whoami` shows the "
    "account's name"
)


def check(cluster: ClusterRef, context: str, manifests: Manifests, spaces: Collection[str]) -> None:
    """Raises MachineError that names every right that the account of `context`, or that of the runbook, lacks in a
    namespace of the sandbox. The commands of a runbook would fail, and the runbook would get the blame."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        lacking = [
            f"{space}: {right}" for space in spaces for right in missing(api, space, of_gameday(manifests, space))
        ]
        _require(f"context {context}: its account", lacking)
        server = access.cluster_of(cluster.kubeconfig, cluster.context)
        lacking = [f"{space}: {right}" for space in spaces for right in _missing_of_operator(api, server, space)]
        _require(f"context {context}: ServiceAccount {OWN_OPERATOR}, which executes the runbook,", lacking)
    finally:
        api.close()


def _require(whose: str, lacking: Sequence[str]) -> None:
    if lacking:
        rights = "\n".join(f"  namespace {each}" for each in lacking)
        raise MachineError(f"{whose} may not do what a drill needs:\n{rights}\n{GRANT}")


def _missing_of_operator(api: Api, server: Obj, namespace: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="gameday-rights-") as made:
        kubeconfig, bearer = Path(made) / "kubeconfig", access.token(api, namespace, OWN_OPERATOR)
        access.write_kubeconfig(kubeconfig, server, namespace, OWN_OPERATOR, bearer)
        operator = Api(kubeconfig)
        try:
            return missing(operator, namespace, OF_OPERATOR)
        finally:
            operator.close()
