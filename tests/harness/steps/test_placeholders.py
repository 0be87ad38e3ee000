"""Placeholders: which are filled, in which order, and which have no binding."""

import pytest

from harness.steps.placeholders import fill

BOUND = {
    "service-name": "api",
    "service:port": "api:8080",
    "tool-service:port": "tools:8080",
    "service-pod": "pod-of(api)",
    "<deployment>": "api",
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("kubectl logs deployment/service-name | grep service-name", "kubectl logs deployment/api | grep api"),
        ("grep my-service-name-x service-names", "grep my-service-name-x service-names"),
        ("curl http://service:port/ http://tool-service:port/", "curl http://api:8080/ http://tools:8080/"),
        ("curl http://service-name.production.svc:80/", "curl http://api.production.svc:80/"),
        ("kubectl describe deployment <deployment>", "kubectl describe deployment api"),
        ("kubectl describe pod service-pod", "kubectl describe pod api-7"),
    ],
)
def test_placeholder_is_filled_as_a_whole_word_the_longest_first(text: str, filled: str) -> None:
    found = fill(text, BOUND, lambda value: "api-7" if value == "pod-of(api)" else value)
    assert (found.text, found.missing) == (filled, ())


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("kubectl describe pod <pod-name>", ("<pod-name>",)),
        ("curl http://other:port/health", ("other:port",)),
        ("kubectl describe pod realtime-pod -n x", ("realtime-pod",)),
        ("kubectl logs {{service}} YOUR_TOKEN -n namespace-name", ("{{service}}", "YOUR_TOKEN", "namespace-name")),
        ("wc < in > out; cat <<EOF >x", ()),
        ("kubectl get -o go-template='{{.metadata.name}}'", ()),
        ("echo $POD_NAME ${SERVICE_NAME}; POD_NAME=a", ()),
    ],
)
def test_placeholder_without_a_binding_is_missing(text: str, missing: tuple[str, ...]) -> None:
    assert fill(text, BOUND).missing == missing


def test_each_filled_placeholder_is_reported_once() -> None:
    assert fill("kubectl logs service-name service-name", BOUND).used == (("service-name", "api"),)
