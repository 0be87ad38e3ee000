"""Names in the commands of a runbook."""

from __future__ import annotations

from harness.proposal.mentions import deployment_of, deployments, is_namespace, namespaces

COMMANDS = (
    "kubectl logs deployment/web -n shop | tail -n 20",
    "kubectl --namespace=<ns> get pods -l app=cart",
    "kubectl -n $NAMESPACE rollout restart deploy cart",
    "kubectl exec deployment/<name> -n 'shop' -- head -n 5 /x",
    "head -n 3 <file>",
    "kubectl get svc/api.shop; kubectl get services",
)


def test_namespaces_are_those_of_kubectl_and_no_placeholders() -> None:
    assert namespaces(COMMANDS) == ("shop",)
    assert namespaces(["kubectl get pods -n a", "oc get pods --namespace b"]) == ("a", "b")


def test_a_word_is_a_namespace_if_it_stands_nowhere_else() -> None:
    assert is_namespace("<ns>", COMMANDS)
    assert not is_namespace("<ns>", [*COMMANDS, "echo <ns>"])
    assert not is_namespace("<file>", COMMANDS)


def test_deployments_and_services_are_those_that_commands_name() -> None:
    assert deployments(COMMANDS) == ("web", "cart")


def test_the_deployment_of_a_variable_is_the_one_on_which_it_is_set() -> None:
    sets = "kubectl set env deployment/web A=1 -n shop"
    assert deployment_of("A", [*COMMANDS, sets]) == "web"
    assert deployment_of("B", [*COMMANDS, sets]) is None
    assert deployment_of("A", [sets, sets.replace("web", "cart")]) is None
    assert deployment_of("A", [sets.replace("web", "<name>")]) is None
