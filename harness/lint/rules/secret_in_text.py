"""RB507: a secret written into the document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_SECRETS: tuple[tuple[tuple[str, ...], str, re.Pattern[str]], ...] = (
    (("AKIA",), "an AWS access key", lazy(r"\b(AKIA[0-9A-Z]{16})\b")),
    (("ghp_", "gho_", "ghs_", "ghu_", "ghr_"), "a GitHub token", lazy(r"\b(gh[pousr]_[A-Za-z0-9]{36,})")),
    (("xox",), "a Slack token", lazy(r"\b(xox[baprs]-[A-Za-z0-9-]{20,})")),
    (
        ("PRIVATE KEY",),
        "a private key",
        lazy(r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)\s*\n\s*[A-Za-z0-9+/=]{40}"),
    ),
    (("AIza",), "a Google API key", lazy(r"\b(AIza[0-9A-Za-z_-]{35})\b")),
    (("glpat-",), "a GitLab token", lazy(r"\b(glpat-[\w-]{20,})")),
    (
        ("Bearer", "bearer", "Basic "),
        "an authorization header",
        lazy(r"(?:Bearer|bearer|Basic)\s+((?=[A-Za-z0-9+/_.-]*\d)[A-Za-z0-9+/_.-]{24,}={0,2})"),
    ),
    (
        ("--password", "PGPASSWORD=", "MYSQL_PWD=", "mysql", "sshpass"),
        "a password",
        lazy(
            r"(?:--password[= ]|PGPASSWORD=|MYSQL_PWD=|(?:mysql|mysqldump|mysqladmin|sshpass)\b[^\n"
            r"|;]{0,80}?\s-p)['\"]?"
            r"((?!your|my_|pass|secret|xxx|changeme|example)(?=[A-Za-z0-9!@#%^_-]*\d)[A-Za-z][A-Za-z0-9!@#%^_-]{7,})"
        ),
    ),
    (
        ("@",),
        "a password in an address",
        lazy(
            r"://[\w.-]{2,64}:((?!pass|secret|token|xxx|your|guest|admin|postgres|root|\.\.\.|example"
            r"|changeme)[^\s:@/'\"<>$`{\[*]{6,64})@[\w-]"
        ),
    ),
)
"""The texts of which one must be in the document, the kind of secret, and its form."""
_EXAMPLE = lazy(r"EXAMPLE|example|xxxx|1234567|abcdef|\*{3}|dummy|fake|placeholder|redacted", re.I)


def _check(document: Document) -> Iterator[Hit]:
    for hints, kind, form in _SECRETS:
        if not any(hint in document.text for hint in hints):
            continue
        for found in form.finditer(document.text):
            if not _EXAMPLE.search(found[0]):
                line = document.text.count("\n", 0, found.start(1)) + 1
                start = document.text.rfind("\n", 0, found.start(1)) + 1
                place = Place(line, found.start(1) - start + 1, found.end(1) - start + 1)
                yield Hit(place, f"a secret ({kind}) is written into the document; revoke it and read it from a store")


RULE = Rule(
    code="RB507",
    name="secret-in-text",
    severity=Severity.ERROR,
    summary="A secret is written into the document.",
    why="Everybody who can read the document, and every copy of the repository, has it. Revoke it, and write where to "
    "read it instead.",
    fires="```bash\npsql postgres://app:hunter2secret9@db.shop.test/orders\n```\n",
    silent='```bash\npsql "postgres://app:$DB_PASSWORD@db.shop.test/orders"\n```\n',
    check=_check,
)
