"""The rights that a drill of manifests needs: what `gameday rbac` prints, and what is asked for before a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness import shipped
from harness.errors import MachineError
from harness.machine.objects import Obj, items, text
from harness.platforms.kubernetes import rbac, rights
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from tests.support.api_server import Store, serving
from tests.support.manifests import manifests

SPACES = ("shop", "shop-control")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    with serving(tmp_path) as found:
        yield found


def of_kind(objects: list[Obj], kind: str, name: str) -> list[Obj]:
    return [each for each in objects if text(each, "kind") == kind and text(each, "metadata", "name") == name]


def test_an_administrator_creates_namespaces_accounts_and_roles(tmp_path: Path) -> None:
    objects = rbac.access(manifests(tmp_path), [rbac.user("jane"), rbac.service_account("gameday", "ci")])
    spaces = [each for each in objects if text(each, "kind") == "Namespace"]
    assert [text(each, "metadata", "name") for each in spaces] == ["shop", "shop-control"]
    assert {text(each, "metadata", "annotations", "gameday.dev/sandbox") for each in spaces} == {"true"}
    for binding in of_kind(objects, "RoleBinding", "gameday"):
        assert [text(each, "name") for each in items(binding, "subjects")] == ["jane", "gameday"]
    for binding in of_kind(objects, "RoleBinding", "gameday-operator"):
        (subject,) = items(binding, "subjects")
        assert text(subject, "namespace") == text(binding, "metadata", "namespace"), "nobody acts on the other side"


def test_no_role_grants_everything_or_reads_foreign_secrets(tmp_path: Path) -> None:
    objects = rbac.access(manifests(tmp_path), [rbac.user("jane")])
    rules = [rule for each in objects if text(each, "kind") == "Role" for rule in items(each, "rules")]
    assert len(rules) > 20
    for rule in rules:
        assert "*" not in str(rule)
        assert "secrets" not in str(rule["resources"]), "no Secret is in the manifests"
    assert not [each for each in objects if text(each, "kind").startswith("Cluster")]


def test_the_account_gets_only_the_kinds_of_the_manifests(tmp_path: Path) -> None:
    def changed(found: rbac.Manifests) -> set[str]:
        rules = rights.of_gameday(found, "shop")
        return {name for rule in rules if "update" in rule.verbs and not rule.names for name in rule.resources}

    assert changed(manifests(tmp_path)) == {"services"}
    more = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    spec = "{template: {spec: {containers: [{name: c}]}}}"
    with_deployment = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w}}\nspec: {spec}\n"
    assert changed(manifests(tmp_path, f"{with_deployment}---\n{more}")) == {"secrets"}


def test_the_operator_has_the_rights_of_the_shipped_one() -> None:
    documents = yaml.safe_load_all(shipped.path("deploy/base/access.yaml").read_text(encoding="utf-8"))
    role: dict[str, Any] = next(
        each for each in documents if (each["kind"], each["metadata"]["name"]) == ("Role", "operator")
    )

    def pairs(rules: list[tuple[list[str], list[str], list[str]]]) -> set[tuple[str, str]]:
        return {(resource, verb) for _, resources, verbs in rules for resource in resources for verb in verbs}

    theirs = [(each["apiGroups"], each["resources"], each["verbs"]) for each in role["rules"]]
    own = [([each.group], list(each.resources), list(each.verbs)) for each in rights.OF_OPERATOR]
    assert pairs(own) == pairs(theirs)
    granted = {(group, name) for groups, names, _ in theirs for group in groups for name in names}
    assert {(each.group, name) for each in rights.OF_OPERATOR for name in each.resources} <= granted


def test_each_missing_right_is_named_before_anything_changes(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    store.allowed = lambda wanted: (wanted["namespace"], wanted["verb"]) != ("shop-control", "delete")
    with pytest.raises(MachineError) as raised:
        rights.check(ClusterRef(kubeconfig), "there", manifests(tmp_path), SPACES)
    assert str(raised.value).splitlines()[:-1] == [
        "context there: its account may not do what a drill needs:",
        "  namespace shop-control: delete leases.coordination.k8s.io gameday-drill",
        "  namespace shop-control: delete leases.coordination.k8s.io gameday-run",
        "  namespace shop-control: delete deployments.apps",
        "  namespace shop-control: delete networkpolicies.networking.k8s.io",
        "  namespace shop-control: delete services",
    ]
    assert "gameday rbac" in str(raised.value)
    assert {call.partition(" ")[2] for call in store.calls} == {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }
    store.allowed = lambda wanted: True
    rights.check(ClusterRef(kubeconfig), "there", manifests(tmp_path), SPACES)


def test_rights_of_subresources_and_names_are_asked_for_as_such(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    asked: list[dict[str, str]] = []
    store.allowed = lambda wanted: not asked.append(wanted)  # type: ignore[func-returns-value]
    rights.check(ClusterRef(kubeconfig), "there", manifests(tmp_path), SPACES)
    assert {"namespace": "shop", "verb": "get", "group": "", "resource": "pods", "subresource": "proxy"} in asked
    token = {"resource": "serviceaccounts", "subresource": "token", "name": "gameday-operator"}
    assert {"namespace": "shop", "verb": "create", "group": "", **token} in asked


def test_missing_right_of_the_operator_is_named(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    store.allowed = lambda wanted: wanted.get("subresource") != "exec"
    with pytest.raises(MachineError) as raised:
        rights.check(ClusterRef(kubeconfig), "there", manifests(tmp_path), SPACES)
    assert str(raised.value).splitlines()[:-1] == [
        "context there: ServiceAccount gameday-operator, which executes the runbook, may not do what a drill needs:",
        *(f"  namespace {space}: {verb} pods/exec" for space in ("shop", "shop-control") for verb in ("create", "get")),
    ]


def test_missing_account_of_the_operator_is_named(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    store.tokens = False
    with pytest.raises(MachineError, match=r"serviceaccounts/gameday-operator/token.*gameday rbac"):
        rights.check(ClusterRef(kubeconfig), "there", manifests(tmp_path), SPACES)
