"""RB614: a manifest from the network whose content changes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_MOVING = lazy(r"/(?:master|main|latest|HEAD|develop|trunk)/|/releases/latest/")


def _check(document: Document) -> Iterator[Hit]:
    for call in kubectl.calls(document):
        source = call.options.get("--filename", "") or call.options.get("-k", "")
        if call.verb in ("apply", "create", "replace") and source.startswith("http") and _MOVING.search(source):
            yield at(
                call.command,
                f"{shown(call.command.text)} applies a manifest that changes from day to day; pin a version",
            )


RULE = Rule(
    code="RB614",
    name="unpinned-manifest",
    severity=Severity.WARNING,
    summary="A manifest is applied from an address whose content changes.",
    why="What is installed in the incident was not tested by anyone. Pin a tag or a commit, or keep a copy in the "
    "repository.",
    fires="```bash\nkubectl apply -f https://raw.githubusercontent.com/acme/tool/main/install.yaml\n```\n",
    silent="```bash\nkubectl apply -f https://raw.githubusercontent.com/acme/tool/v1.4.2/install.yaml\n```\n",
    check=_check,
)
