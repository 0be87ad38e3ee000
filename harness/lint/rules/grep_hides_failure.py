"""RB307: a filter that hides that the command before it failed."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown

_SOURCES = ("kubectl", "oc", "curl", "docker", "aws", "gcloud", "ssh", "helm")


def _check(document: Document) -> Iterator[Hit]:
    if "pipefail" in document.text:
        return
    for pipeline in document.pipelines:
        first, last = pipeline.commands[0], pipeline.commands[-1]
        if (
            len(pipeline.commands) > 1
            and first.program in _SOURCES
            and last.program in ("grep", "egrep")
            and not first.nested
        ):
            yield at(
                last, f"no output of {shown(last.text)} means that nothing matched, or that {shown(first.text)} failed"
            )


RULE = Rule(
    code="RB307",
    name="grep-hides-failure",
    severity=Severity.NOTE,
    summary="A filter hides that the command before it failed.",
    why="The status of a pipeline is that of its last command. A wrong name or a missing right looks like no errors "
    "in the log. Look at "
    "the whole output first, or use `set -o pipefail`.",
    fires="```bash\nkubectl logs deployment/api -n shop --since=5m | grep ERROR\n```\n",
    silent="```bash\ngrep ERROR /var/log/api.log\n```\n",
    check=_check,
    pedantic=True,
)
