"""RB404: a variable of the pod that the operator's shell expands."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.patterns import lazy
from harness.lint.words import Word, inner

_VARIABLE = lazy(r"(?<!\\)\$\{?([A-Za-z_]\w*)")
_OPERATORS = lazy(r"^(?:POD|NS|NAMESPACE|NODE|CONTAINER|CLUSTER|USER|HOME|DATE|NAME)(?:_?NAME|_?ID)?$|^[a-z]")


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program not in ("kubectl", "oc", "docker", "podman") or "exec" not in command.argv[1:8]:
            continue
        for word, name in _expanded(command):
            if name not in document.shell.assigned and not _OPERATORS.match(name) and f"{name}=" not in document.text:
                yield Hit(
                    word.place,
                    f"`${name}` is expanded by the operator's shell, where nothing sets it; for the pod's own write "
                    f"`sh -c '… ${name} …'`",
                )


def _expanded(command: Command) -> Iterator[tuple[Word, str]]:
    inside = inner(command.words)
    content = inside.content if inside is not None else ()
    for word in (content,) if isinstance(content, Word) else content:
        if "$" in word.raw and not word.in_single_quotes and (found := _VARIABLE.search(word.raw)):
            yield word, found[1]


RULE = Rule(
    code="RB404",
    name="expanded-too-early",
    severity=Severity.ERROR,
    summary="A variable of the pod is expanded by the operator's shell.",
    why="Behind `exec … --` the operator's own shell replaces `$DATABASE_URL`, where it is not set, so that the "
    "program in the pod gets "
    "nothing or another database. Put the command in single quotes behind `sh -c`.",
    fires="```bash\nkubectl exec deployment/api -n shop -- psql $DATABASE_URL -c 'SELECT 1'\n```\n",
    silent='```bash\nkubectl exec deployment/api -n shop -- sh -c \'psql "$DATABASE_URL" -c "SELECT 1"\'\n```\n',
    check=_check,
)
