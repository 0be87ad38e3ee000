"""RB508: a script from the network, run unseen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_SHELLS = ("sh", "bash", "zsh", "ksh", "dash", "python", "python3", "perl", "ruby")
_SUBSTITUTED = lazy(r"(?:\$\(|<\(|`)\s*(?:curl|wget)\b")


def _check(document: Document) -> Iterator[Hit]:
    for pipeline in document.pipelines:
        first, last = pipeline.commands[0], pipeline.commands[-1]
        fetched = first.program in ("curl", "wget") and not _is_local(first.text)
        if fetched and last is not first and last.program in _SHELLS and not {"-c", "-m"} & set(last.argv):
            yield at(first, f"{shown(first.text)} is piped into {last.program} unseen; save it, check it, then run it")
        elif first.program in (*_SHELLS, "eval", "source", ".") and _SUBSTITUTED.search(first.text):
            yield at(first, f"{shown(first.text)} runs what it fetches unseen; save it, check it, then run it")


def _is_local(text: str) -> bool:
    return bool(re.search(r"(?:https?://)?(?:localhost|127\.0\.0\.1)", text))


RULE = Rule(
    code="RB508",
    name="pipe-to-shell",
    severity=Severity.ERROR,
    summary="A script from the network is run unseen.",
    why="A changed, cut or forged script runs with the rights of the operator, in production, in the middle of an "
    "incident. "
    "Pin a version, check its checksum, and run the file.",
    fires="```bash\ncurl -fsSL https://get.example.org/tool.sh | sudo bash\n```\n",
    silent="```bash\ncurl -fsSLO https://get.example.org/tool.sh\nsha256sum -c tool.sha256\nbash tool.sh\n```\n",
    check=_check,
)
