"""RB903: a variable that no container of the platform has."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.nearest import nearest
from harness.lint.toggles import toggles


def _check(document: Document) -> Iterator[Hit]:
    platform = document.outside.platform
    for toggle in toggles(document) if platform else ():
        if platform and toggle.name not in platform.variables:
            near = nearest(toggle.name, platform.variables)
            yield Hit(toggle.place, f"no container of the platform has the variable `{toggle.name}`{near}")


RULE = Rule(
    code="RB903",
    name="unknown-variable",
    severity=Severity.WARNING,
    summary="A toggle is a variable that no container of the platform has (with `--platform`, `--manifests` or "
    "`--context`).",
    why="Setting it restarts the pods and changes nothing else. Correct the name, or remove the toggle.",
    fires="## Toggles\n\n- `MAX_RETRY`: Decrease from 3 to 1\n",
    silent="## Toggles\n\n- `MAX_RETRIES`: Decrease from 3 to 1\n",
    check=_check,
    on_platform=True,
)
