"""RB609: an option that the verb of kubectl does not have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.names import names

_READING = names("get describe logs top exec events api-resources explain")
_LACKS = {
    "--timeout": (_READING, "it is `--request-timeout` that limits a request"),
    "--tail": (names("get describe top exec events delete scale rollout"), "only `kubectl logs` has it"),
    "--since": (names("get describe top exec events delete scale rollout"), "only `kubectl logs` has it"),
    "--watch": (names("describe logs top exec delete scale apply"), "`kubectl get` has it"),
    "-w": (names("describe logs top exec delete scale apply"), "`kubectl get` has it"),
    "--replicas": (names("rollout set patch get describe apply"), "only `kubectl scale` has it"),
    "--sort-by": (names("describe logs exec"), "`kubectl get` and `kubectl top` have it"),
}
"""By option, verbs of kubectl 1.36 that lack it, and what to use instead (`kubectl VERB --help`)."""


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        for option in call.options:
            verbs, instead = _LACKS.get(option, (names(""), ""))
            if call.verb in verbs and call.command.program in ("kubectl", "k"):
                yield at(call.command, f"{shown(call.command.text)}: `{call.verb}` has no option `{option}`; {instead}")


RULE = Rule(
    code="RB609",
    name="unknown-flag",
    severity=Severity.ERROR,
    summary="A verb of kubectl is called with an option that it does not have.",
    why="The command ends with `unknown flag`, at the moment at which it is needed.",
    fires="```bash\nkubectl get nodes --timeout=10s\n```\n",
    silent="```bash\nkubectl get nodes --request-timeout=10s\n```\n",
    check=_check,
)
