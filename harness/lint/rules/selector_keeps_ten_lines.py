"""RB604: the log of a selector without `--tail`: ten lines of each pod."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        selects = call.verb in ("logs", "log") and "--selector" in call.options
        follows = call.options.get("--follow", "false") != "false"
        if selects and not follows and "--tail" not in call.options:
            yield at(
                call.command, f"{shown(call.command.text)} shows the last ten lines of each pod only; add `--tail=-1`"
            )


RULE = Rule(
    code="RB604",
    name="selector-keeps-ten-lines",
    severity=Severity.WARNING,
    summary="`kubectl logs` with a selector shows ten lines of each pod.",
    why="With `-l`, kubectl keeps ten lines a pod unless `--tail` is given, so that a search in them finds nothing "
    "and looks like health.",
    fires="```bash\nkubectl logs -l app=api -n shop | grep ERROR\n```\n",
    silent="```bash\nkubectl logs -l app=api -n shop --tail=-1 --since=10m | grep ERROR\n```\n",
    check=_check,
)
