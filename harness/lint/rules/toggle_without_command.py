"""RB704: a variable to change, without the command that changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.patterns import lazy
from harness.lint.toggles import toggles

_APPLIES = lazy(
    r"\bset\s+env\b|\bhelm upgrade\b|\bkubectl (?:apply|edit|patch)\b|\bconfigmap\b|\bterraform apply\b|values\.ya?ml"
    r"|\.env\b|\bConfigMap\b|\bdeploy\w* with\b|\bconsul kv put\b|\bfeature flag\w*\b.{0,40}\b(?:UI|console"
    r"|dashboard)\b",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    found = list(toggles(document))
    for toggle in found if found and not _APPLIES.search(document.text) else ():
        yield Hit(toggle.place, f"nothing says on which workload `{toggle.name}` is set, and by which command")


RULE = Rule(
    code="RB704",
    name="toggle-without-command",
    severity=Severity.WARNING,
    summary="A variable is to be changed, and no command changes it.",
    why="The reader has to find out under stress which Deployment reads it and whether a restart is needed. Write "
    "`kubectl set env deployment/NAME VARIABLE=VALUE -n NAMESPACE`.",
    fires="## Toggles\n\n- `MAX_RETRIES`: increase from 3 to 5\n",
    silent="## Toggles\n\n- `MAX_RETRIES`: increase from 3 to 5: `kubectl set env deployment/api MAX_RETRIES=5 -n "
    "shop`\n",
    check=_check,
)
