"""What a command does: reads or changes, and the defects that its text shows."""

import pytest

from harness.bash.parse import parse
from harness.policy import classify


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("kubectl get pods | grep x", "read"),
        ("kubectl rollout status deployment/x", "read"),
        ("kubectl exec x -- cat /app/a", "read"),
        ("kubectl exec x -- psql -c 'SELECT 1'", "read"),
        ("kubectl exec x -- psql -c 'DELETE FROM a'", "change"),
        ("kubectl exec x -- sh -c 'cat a; touch b'", "change"),
        ("kubectl -n y scale deployment x --replicas=3", "change"),
        ("kubectl rollout restart deployment/x", "change"),
        ("curl http://x/", "read"),
        ("curl -XPOST http://x/", "change"),
        ("kubectl get pods -o name | xargs kubectl delete", "change"),
        ("kubectl get pods -o name | xargs -n1 kubectl describe", "read"),
        ("timeout 5 kubectl scale deployment x --replicas=3", "change"),
        ("time kubectl get pods", "read"),
        ("xargs echo", "read"),
    ],
)
def test_command_is_classified_as_look_or_change(text: str, purpose: str) -> None:
    assert classify.purpose(parse(text)) == purpose


def test_variable_meant_for_the_pod_is_noted_with_a_command_that_works() -> None:
    (note,) = classify.notes(parse('kubectl exec -it deployment/x -- psql $DATABASE_URL -c "SELECT 1;"'))
    assert note.startswith("$DATABASE_URL is expanded by the operator's own shell")
    assert 'psql gets nothing in its place (`psql -c "SELECT 1;"`)' in note
    assert note.endswith("""sh -c 'psql "$DATABASE_URL" -c "SELECT 1;"'""")
    assert classify.notes(parse("POD=x; kubectl exec y -- echo $POD")) == ()
    assert classify.notes(parse("kubectl exec y -- sh -c 'echo $POD'")) == ()
