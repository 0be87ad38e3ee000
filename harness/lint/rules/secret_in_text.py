"""RB507: a secret written into the document."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place

_SECRET = re.compile(
    r"\b(?P<key>AKIA[0-9A-Z]{16})\b|\b(?P<github>gh[pousr]_[A-Za-z0-9]{36,})\b|\b(?P<slack>xox[baprs]-[A-Za-z0-9-]{20,})"
    r"|(?P<pem>-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\s*\n\s*[A-Za-z0-9+/=]{40})|\b(?P<google>AIza[0-9A-Za-z_-]{35})\b"
    r"|(?:Bearer|Basic)\s+(?P<bearer>(?=[A-Za-z0-9+/_.-]*\d)[A-Za-z0-9+/_.-]{24,}={0,2})|\b(?P<gitlab>glpat-[\w-]{20,})"
    r"|(?:--password[= ]|PGPASSWORD=|MYSQL_PWD=|(?:^|\s)-p)(?P<password>['\"]?(?![<$\"'{(*\[]|your|my_|pass|secret|xxx|\.\.\.|changeme|example)(?=[A-Za-z0-9!@#%^_-]*\d)[A-Za-z][A-Za-z0-9!@#%^_-]{7,})"
    r"|://[\w.-]{2,}:(?P<url>(?!\$|<|\{|\[|\*|pass|secret|token|xxx|your|guest|admin|postgres|root|\.\.\.|example|changeme)[^\s:@/'\"<>$`]{6,})@[\w-]",
    re.I | re.M,
)
_EXAMPLE = re.compile(r"EXAMPLE|example|xxxx|1234567|abcdef|\*{3}|dummy|fake|placeholder|redacted", re.I)
_MYSQL = re.compile(r"\b(?:mysql|mysqldump|mysqladmin|sshpass)\b")


def _check(document: Document) -> Iterator[Hit]:
    for found in _SECRET.finditer(document.text):
        kind = found.lastgroup or ""
        if _EXAMPLE.search(found[0]):
            continue
        line = document.text.count("\n", 0, found.start(kind)) + 1
        start = document.text.rfind("\n", 0, found.start(kind)) + 1
        text = document.lines[line - 1]
        if (
            kind == "password"
            and not found[0].startswith(("--password", "PGPASSWORD", "MYSQL_PWD"))
            and not _MYSQL.search(text)
        ):
            continue
        place = Place(line, found.start(kind) - start + 1, found.end(kind) - start + 1)
        yield Hit(
            place,
            f"a secret ({_NAMES.get(kind, kind)}) is written into the document; revoke it and read it from a store",
        )


_NAMES = {
    "key": "an AWS access key",
    "github": "a GitHub token",
    "slack": "a Slack token",
    "pem": "a private key",
    "url": "a password in an address",
    "google": "a Google API key",
    "bearer": "an authorization header",
    "gitlab": "a GitLab token",
    "password": "a password",
}

RULE = Rule(
    code="RB507",
    name="secret-in-text",
    severity=Severity.ERROR,
    summary="A secret is written into the document.",
    why="Everybody who can read the document, and every copy of the repository, has it. Revoke it, and write where to read it instead.",
    fires="```bash\npsql postgres://app:hunter2secret9@db.shop.test/orders\n```\n",
    silent='```bash\npsql "postgres://app:$DB_PASSWORD@db.shop.test/orders"\n```\n',
    check=_check,
)
