"""RB209: a block labelled shell that holds another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import whole_line
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


def _check(document: Document) -> Iterator[Hit]:
    for block in document.blocks:
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


RULE = Rule(
    code="RB209",
    name="other-language",
    severity=Severity.WARNING,
    summary="A block labelled as shell holds another language.",
    why="It does nothing but errors when it is pasted into a shell, and tools read it wrongly. Label it as what it "
    "is, and say where "
    "it is to be entered.",
    fires="```bash\nSELECT count(*) FROM orders;\n```\n",
    silent="```sql\nSELECT count(*) FROM orders;\n```\n",
    check=_check,
)
