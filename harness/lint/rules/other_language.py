"""RB209: a block labelled shell that holds another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line
from harness.lint.page import Block
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS

_LANGUAGES = {
    "YAML": lazy(r"\s*(?:---\s*$|apiVersion:\s|kind:\s+[A-Z]|metadata:\s*$|spec:\s*$)"),
    "JSON": lazy(r"\s*(?:\{\s*$|\[\s*$|\{\s*\"[\w-]+\"\s*:)"),
    "SQL": lazy(
        r"\s*(?:SELECT\s.+\sFROM\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|INSERT\s+INTO\s|ALTER\s+TABLE\s"
        r"|CREATE\s+(?:TABLE|INDEX|USER)\s)",
        re.I,
    ),
    "HTTP": lazy(r"(?:GET|POST|PUT|PATCH|DELETE) /"),
    "PromQL": lazy(
        r"\s*(?:sum|rate|avg|max|histogram_quantile|increase|topk|count)\s*(?:by\s*\([^)]*\)\s*)?\(.*(?:\{"
        r"|\[\d+[smhd]\])"
    ),
}


_COMMAND = lazy(r"\s*(?:(?:kubectl|oc|helm|curl|docker|systemctl|aws|sudo) +[a-z-]|export [A-Z]\w*=)")
_OTHERS = ("python", "yaml", "yml", "json", "sql")


def _check(document: Document) -> Iterator[Hit]:
    for block in document.blocks:
        if block.lang in _OTHERS:
            yield from _shell_in_other(document, block)
        if block.lang not in SHELLS:
            continue
        row, first = next(
            ((n, line) for n, line in enumerate(block.lines) if line.strip() and not line.lstrip().startswith("#")),
            (0, ""),
        )
        for name, pattern in _LANGUAGES.items():
            if pattern.match(first):
                yield Hit(
                    whole_line(document, block.first + row), f"the block is labelled `{block.lang}` but holds {name}"
                )
                break


def _shell_in_other(document: Document, block: Block) -> Iterator[Hit]:
    """A command in a block of another language: highlighted wrongly, and no tool reads it as a command."""
    lines = block.lines if block.lang == "python" else block.lines[:1]
    for row, line in enumerate(lines):
        if _COMMAND.match(line):
            place = whole_line(document, block.first + row)
            yield Hit(place, f"the block is labelled `{block.lang}` but holds a command of the shell")
            return


RULE = Rule(
    code="RB209",
    name="other-language",
    severity=Severity.WARNING,
    summary="A block labelled as shell holds another language, or one of another language a command.",
    why="It does nothing but errors when it is pasted into a shell, and tools read it wrongly. Label it as what it "
    "is, and say where "
    "it is to be entered.",
    fires="```bash\nSELECT count(*) FROM orders;\n```\n",
    silent="```sql\nSELECT count(*) FROM orders;\n```\n",
    check=_check,
)
