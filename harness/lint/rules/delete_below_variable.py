"""RB515: a recursive deletion below a variable that may be empty."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_RISKY = lazy(r"^[\"']?/?\$\{?\w+\}?[\"']?/(?:\*|\.\*)?[\"']?$|^[\"']?/\$\{?\w+\}?[\"']?$")


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program != "rm" or not command.has("-r", "-R", "--recursive"):
            continue
        for word in command.words[1:]:
            if _RISKY.match(word.raw) and ":?" not in word.raw and "/" in word.raw:
                yield Hit(
                    word.place,
                    f"if the variable is empty, {shown(command.text)} deletes below the root; write `${{NAME:?}}`",
                )
                break


RULE = Rule(
    code="RB515",
    name="delete-below-variable",
    severity=Severity.ERROR,
    summary="A recursive deletion begins with a variable that may be empty.",
    why="With an empty variable `rm -rf $DIR/*` is `rm -rf /*`. `${DIR:?}` ends the command instead.",
    fires="```bash\nDIR=$(cat dir)\nrm -rf $DIR/*\n```\n",
    silent='```bash\nDIR=$(cat dir)\nrm -rf "${DIR:?}"/*\n```\n',
    check=_check,
)
