"""What each side deploys of the user's manifests: the same objects, in the side's namespace."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from harness.machine.objects import Obj, items, section, text
from harness.platforms.kubernetes.release import CONTROL, TREATMENT, own_release, path_of
from tests.support.manifests import SHOP, manifests


def address(deployment: Obj) -> str:
    (container,) = items(deployment, "spec", "template", "spec", "containers")
    return text(items(container, "env")[0], "value")


def test_objects_move_into_the_namespace_of_each_side(tmp_path: Path) -> None:
    treatment, control = (own_release(manifests(tmp_path), side) for side in (TREATMENT, CONTROL))
    assert (treatment.namespace, control.namespace) == ("shop", "shop-control")
    for release in (treatment, control):
        objects = [*release.deployments.values(), *release.others]
        assert {text(each, "metadata", "namespace") for each in objects} == {release.namespace}
        assert [text(each, "metadata", "name") for each in release.others] == ["cache", "web"]
    assert address(treatment.deployments["web"]) == "http://cache.shop.svc.cluster.local:6400/shop"
    assert address(control.deployments["web"]) == "http://cache.shop-control.svc.cluster.local:6400/shop"


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("cache.shop", "cache.shop-control"),
        ("cache.shop:6400", "cache.shop-control:6400"),
        ("redis://u:p@cache.shop.svc:6400/0", "redis://u:p@cache.shop-control.svc:6400/0"),
        ("cache-0.cache.shop.svc.cluster.local", "cache-0.cache.shop-control.svc.cluster.local"),
        ("cache", "cache"),
        ("my-cache.shop.svc", "my-cache.shop.svc"),
        ("cache.shop.example.com", "cache.shop.example.com"),
        ("cache.shopping.svc", "cache.shopping.svc"),
        ("shop", "shop"),
    ],
)
def test_only_addresses_of_own_services_in_the_own_namespace_move(tmp_path: Path, written: str, moved: str) -> None:
    text_ = SHOP.replace("http://cache.shop.svc.cluster.local:6400/shop", written)
    release = own_release(manifests(tmp_path, text_), CONTROL)
    assert address(release.deployments["web"]) == moved


def test_addresses_in_config_maps_and_secrets_move(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"http://cache.shop.svc").decode()
    extra: list[Obj] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"a": "x cache.shop.svc;\n"}},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "keys"},
            "data": {"url": encoded, "binary": "/w=="},
            "stringData": {"b": "cache.shop"},
        },
    ]
    release = own_release(manifests(tmp_path, f"{SHOP}---\n{yaml.safe_dump_all(extra)}"), CONTROL)
    keys, conf = release.others[:2]
    assert (text(keys, "kind"), text(conf, "kind")) == ("Secret", "ConfigMap"), "before what refers to them"
    assert section(conf, "data") == {"a": "x cache.shop-control.svc;\n"}
    assert base64.b64decode(text(keys, "data", "url")) == b"http://cache.shop-control.svc"
    assert (text(keys, "data", "binary"), text(keys, "stringData", "b")) == ("/w==", "cache.shop-control")


def test_a_namespace_of_another_name_is_replaced_on_both_sides(tmp_path: Path) -> None:
    release = own_release(manifests(tmp_path, namespace="production"), TREATMENT)
    assert (release.namespace, address(release.deployments["web"])) == (
        "production",
        "http://cache.production.svc.cluster.local:6400/shop",
    )


def test_services_with_an_address_are_reached_from_outside(tmp_path: Path) -> None:
    headless = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: peers}\nspec: {clusterIP: None, selector: {part: front}}\n"
    )
    exported = SHOP.replace("  ports: [{port: 6400}]", "  clusterIP: 10.96.0.9\n  ports: [{port: 6400}]")
    release = own_release(manifests(tmp_path, f"{exported}---\n{headless}"), TREATMENT)
    kinds = {text(each, "metadata", "name"): text(each, "spec", "type") for each in release.others}
    assert kinds == {"cache": "NodePort", "web": "NodePort", "peers": ""}
    assert release.services.keys() == {"cache", "web"}
    assert "clusterIP" not in section(release.services["cache"], "spec"), "the address belongs to another Service"


def test_roles_are_for_the_administrator_and_bind_accounts_of_the_side(tmp_path: Path) -> None:
    binding = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\n"
        "roleRef: {kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: web, namespace: shop}]\n"
    )
    release = own_release(manifests(tmp_path, f"{SHOP}---\n{binding}"), CONTROL)
    (bound,) = release.access
    assert items(bound, "subjects") == [{"kind": "ServiceAccount", "name": "web", "namespace": "shop-control"}]
    assert path_of(bound) == "/apis/rbac.authorization.k8s.io/v1/namespaces/shop-control/rolebindings/b"
    assert path_of(release.others[0]) == "/api/v1/namespaces/shop-control/services/cache"
