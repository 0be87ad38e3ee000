"""RB512: SQL that changes every row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.page import Block, Place
from harness.lint.patterns import lazy

_STATEMENT = lazy(
    r"\b(?P<what>DELETE\s+FROM\s+[\w.\"`]+|UPDATE\s+[\w.\"`]+\s+SET\b)(?P<rest>[^;]{0,2000}?)(?:;|\Z)", re.I
)
_SQL_BLOCKS = ("sql", "postgresql", "mysql", "psql", "plsql", "pgsql")


def _check(document: Document) -> Iterator[Hit]:
    for block in document.blocks:
        if block.lang in _SQL_BLOCKS:
            yield from _of_block(block)
    for command in document.commands:
        for word in command.words[1:] if command.program in ("psql", "mysql", "gitlab-psql", "sqlite3") else ():
            for found in _STATEMENT.finditer(word.text):
                if _hits_every_row(found):
                    yield Hit(word.place, f"{shown(found['what'])} has no WHERE: it changes every row")


def _of_block(block: Block) -> Iterator[Hit]:
    text = "\n".join(re.sub(r"--.*", lambda each: " " * len(each[0]), line) for line in block.lines)
    for found in _STATEMENT.finditer(text):
        if _hits_every_row(found):
            row = text.count("\n", 0, found.start())
            column = block.columns[row] + found.start() - text.rfind("\n", 0, found.start()) - 1
            yield Hit(
                Place(block.first + row, column, column + len(found["what"])),
                f"{shown(found['what'])} has no WHERE: it changes every row",
            )


def _hits_every_row(found: re.Match[str]) -> bool:
    return (
        not re.search(r"\b(?:WHERE|LIMIT|USING|FROM|JOIN)\b", found["rest"], re.I)
        and "{" not in found["rest"]
        and "..." not in found["rest"]
    )


RULE = Rule(
    code="RB512",
    name="sql-without-where",
    severity=Severity.ERROR,
    summary="A statement of SQL changes or deletes every row.",
    why="It runs for long, locks the table, and its loss is found later. Add the condition, look at the rows with "
    "SELECT first, and do "
    "it in a transaction.",
    fires="```sql\nDELETE FROM sessions;\n```\n",
    silent="```sql\nDELETE FROM sessions WHERE expires_at < now() - interval '1 day';\n```\n",
    check=_check,
)
