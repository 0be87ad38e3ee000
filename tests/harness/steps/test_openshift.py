"""`oc` is read as `kubectl` where both have the command, and nowhere else."""

from __future__ import annotations

import pytest

from harness.model import Command, Runbook
from harness.steps.openshift import as_kubectl
from harness.steps.step import runbook_steps


@pytest.mark.parametrize(
    ("written", "runs"),
    [
        ("oc get pods", "kubectl get pods"),
        ("oc -n x --context=y get pods", "kubectl -n x --context=y get pods"),
        (
            "for p in $(oc get pods -o name); do oc delete $p; done",
            "for p in $(kubectl get pods -o name); do kubectl delete $p; done",
        ),
        ("oc adm drain é | oc apply -f -", "kubectl drain é | kubectl apply -f -"),
        ("oc get pod <pod> && oc logs <pod>", "kubectl get pod <pod> && kubectl logs <pod>"),
        ("oc login", "oc login"),
        ("oc adm must-gather", "oc adm must-gather"),
        ("echo oc get pods; grep 'oc get' oc", "echo oc get pods; grep 'oc get' oc"),
        ("kubectl get pods -l app=oc", "kubectl get pods -l app=oc"),
    ],
)
def test_oc_with_a_verb_of_kubectl_runs_as_kubectl(written: str, runs: str) -> None:
    assert as_kubectl(written) == runs


def test_the_policy_decides_on_what_runs() -> None:
    book = Runbook("A", "A", 1, commands=(Command(1, "oc apply -f x.yaml"), Command(2, "oc get pods")))
    refused, allowed = runbook_steps(book, {}, {}, "production")
    assert refused.text == "oc apply -f x.yaml"
    assert (
        refused.refusals
        == runbook_steps(Runbook("A", "A", 1, commands=(Command(1, "kubectl apply -f x.yaml"),)), {}, {}, "production")[
            0
        ].refusals
    )
    assert refused.refusals
    assert (allowed.shown, allowed.refusals) == ("kubectl get pods", ())
