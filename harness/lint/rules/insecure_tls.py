"""RB509: a connection whose other end is not checked."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import asked, at, shown
from harness.lint.patterns import lazy

_LOCAL = lazy(r"localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|//10\.|//\$|:9093|:10250|:6443|\.svc\b")


def _check(document: Document) -> Iterator[Hit]:
    if not document.has_any("insecure", "-k", "tls", "ssl", "certificate"):
        return
    for command in asked(document):
        insecure = (command.program == "curl" and command.has("-k", "--insecure")) or (
            command.program == "wget" and command.has("--no-check-certificate")
        )
        flagged = command.has(
            "--insecure-skip-tls-verify", "--tls-skip-verify", "--insecure-skip-verify", "--no-verify-ssl"
        )
        if flagged or (insecure and not command.inside and not _LOCAL.search(command.text)):
            yield at(command, f"{shown(command.text)} does not check the certificate of the other end")


RULE = Rule(
    code="RB509",
    name="insecure-tls",
    severity=Severity.WARNING,
    summary="A command does not check the certificate of the other end.",
    why="An expired or wrong certificate, which may be the incident itself, goes unseen, and credentials may go to a "
    "stranger. Give the "
    "certificate authority with `--cacert`.",
    fires="```bash\ncurl -k https://api.shop.test/health\n```\n",
    silent="```bash\ncurl --cacert ca.pem https://api.shop.test/health\n```\n",
    check=_check,
)
