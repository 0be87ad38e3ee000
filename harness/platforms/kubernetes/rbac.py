"""What the administrator of a cluster creates, so that an ordinary account can drill services of the user."""

from __future__ import annotations

from collections.abc import Sequence

from harness.machine.objects import Json, Obj
from harness.manifests import Manifests
from harness.platforms.kubernetes.access import HARNESS, OWN_OPERATOR
from harness.platforms.kubernetes.release import CONTROL, TREATMENT, Release, own_release
from harness.platforms.kubernetes.rights import OF_OPERATOR, Rule, of_gameday
from harness.platforms.kubernetes.sandbox import ANNOTATION

_RBAC = "rbac.authorization.k8s.io"


def access(manifests: Manifests, subjects: Sequence[Obj], *, one_namespace: bool = False) -> list[Obj]:
    """The namespaces, accounts, Roles and RoleBindings of both sides, or of the one that both use in turn; `subjects`
    run gameday."""
    releases = [own_release(manifests, side) for side in (TREATMENT, *(() if one_namespace else (CONTROL,)))]
    return [each for release in releases for each in access_of(release, subjects)]


def access_of(release: Release, subjects: Sequence[Obj]) -> list[Obj]:
    """As `access`, of one side; without subjects no account gets the rights to run gameday."""
    assert release.manifests is not None
    where = release.namespace
    operator: Obj = {"kind": "ServiceAccount", "name": OWN_OPERATOR, "namespace": where}
    of_account = of_gameday(release.manifests, where)
    return [
        _object("v1", "Namespace", {"name": where, "annotations": {ANNOTATION: "true"}}),
        _object("v1", "ServiceAccount", _meta(OWN_OPERATOR, where), automountServiceAccountToken=False),
        *_role(OWN_OPERATOR, where, OF_OPERATOR, [operator]),
        *(_role(HARNESS, where, of_account, subjects) if subjects else ()),
        *release.access,
    ]


def _role(name: str, namespace: str, rules: Sequence[Rule], subjects: Sequence[Obj]) -> list[Obj]:
    """A Role, and the RoleBinding that gives it to the subjects."""
    reference: Obj = {"apiGroup": _RBAC, "kind": "Role", "name": name}
    meta = _meta(name, namespace)
    return [
        _object(f"{_RBAC}/v1", "Role", meta, rules=[rule.body() for rule in rules]),
        _object(f"{_RBAC}/v1", "RoleBinding", meta, roleRef=reference, subjects=list[Json](subjects)),
    ]


def _meta(name: str, namespace: str) -> Obj:
    return {"name": name, "namespace": namespace}


def _object(version: str, kind: str, meta: Obj, **rest: Json) -> Obj:
    return {"apiVersion": version, "kind": kind, "metadata": meta, **rest}


def user(name: str) -> Obj:
    """The subject of a RoleBinding that is a user."""
    return {"apiGroup": _RBAC, "kind": "User", "name": name}


def group(name: str) -> Obj:
    """The subject that is a group."""
    return {"apiGroup": _RBAC, "kind": "Group", "name": name}


def service_account(name: str, namespace: str) -> Obj:
    """The subject that is a ServiceAccount."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
