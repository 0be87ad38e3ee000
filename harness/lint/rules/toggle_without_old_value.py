"""RB705: a variable to change, without the value that it had."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.toggles import toggles


def _check(document: Document) -> Iterator[Hit]:
    for toggle in toggles(document):
        if not toggle.has_old:
            yield Hit(toggle.place, f"the value that `{toggle.name}` has before is not stated: it cannot be set back")


RULE = Rule(
    code="RB705",
    name="toggle-without-old-value",
    severity=Severity.WARNING,
    summary="A variable is to be changed, and its value before is not stated.",
    why='"Temporary" relief stays: after the incident it is unknown what to set it back to. Write "from OLD to NEW".',
    fires="## Toggles\n\n- `VALIDATION_STRICT_MODE`: Set to false for temporary relief\n",
    silent="## Toggles\n\n- `VALIDATION_STRICT_MODE`: Set from true to false for temporary relief\n",
    check=_check,
)
