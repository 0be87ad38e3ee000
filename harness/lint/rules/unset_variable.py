"""RB403: a variable that the document never sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.patterns import lazy
from harness.lint.words import Word

_VARIABLE = lazy(r"(?<!\\)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_KNOWN = lazy(
    r"^(?:HOME|USER|LOGNAME|PATH|PWD|OLDPWD|SHELL|HOSTNAME|EDITOR|LANG|TERM|RANDOM|SECONDS|UID|EUID|PPID|IFS|LINENO"
    r"|BASH\w*|PIPESTATUS|TMPDIR"
    r"|KUBECONFIG|AWS_\w+|GOPATH|GITHUB_\w+|CI_\w+|JAVA_HOME|VAULT_\w+|_|i|REPLY|OPTARG|SSH_\w+|XDG_\w+|HTTPS?_PROXY"
    r"|NO_PROXY|GOOGLE_\w+|PG\w+)$"
)

_NAMED = lazy(
    r"`\$?\{?([A-Za-z_]\w*)\}?(?:=[^`\n]*)?`|(?:^|[\s;(`])(?:export\s+|set\s+|local\s+)?([A-Za-z_]\w*)="
    r"|\bfor\s+(\w+)\s+in\b|\bread\s+(?:-\w+\s+)*(\w+)"
)
"""A name that the prose explains in code, or that is set."""


def _check(document: Document) -> Iterator[Hit]:
    unset: dict[str, Word] = {}
    for command in document.commands:
        if command.source.block is None or command.inside or command.program in _OWN_VARIABLES:
            continue
        for word, name in _expanded(command):
            if name not in document.shell.assigned and not _KNOWN.match(name):
                unset.setdefault(name, word)
    mentioned = _mentioned(document) if unset else frozenset()
    for name, word in unset.items():
        if name not in mentioned:
            yield Hit(word.place, f"`${name}` is never set in the document: the shell puts nothing in its place")


_OWN_VARIABLES = ("export", "unset", "awk", "jq", "sed")
"""Programs whose arguments have variables of their own, or that set them."""


def _mentioned(document: Document) -> frozenset[str]:
    """Names that the prose explains, and those that any block assigns."""
    return frozenset(name for names in _NAMED.findall(document.text) for name in names if name)


def _expanded(command: Command) -> Iterator[tuple[Word, str]]:
    behind_dashes = False
    for word in command.words:
        behind_dashes = behind_dashes or word.text == "--"
        if (
            "$" in word.raw
            and not word.in_single_quotes
            and not (behind_dashes and command.program in ("kubectl", "oc"))
        ):
            for plain, braced in _VARIABLE.findall(_without_single_quoted(word.raw)):
                yield word, plain or braced


def _without_single_quoted(raw: str) -> str:
    return raw if raw[:1] == '"' else re.sub(r"'[^']*'", "", raw)


RULE = Rule(
    code="RB403",
    name="unset-variable",
    severity=Severity.WARNING,
    summary="A command uses a variable that the document never sets.",
    why="In a fresh shell nothing stands in its place: `-n $NS get pods` takes `get` as the namespace, and `rm -rf "
    "$DIR/*` begins at the "
    "root. Set it above, with a command that finds the value or an example.",
    fires="```bash\nkubectl get pods -n $NAMESPACE\n```\n",
    silent="```bash\nNAMESPACE=shop\nkubectl get pods -n $NAMESPACE\n```\n",
    check=_check,
)
