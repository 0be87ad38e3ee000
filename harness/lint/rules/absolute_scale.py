"""RB607: a number of replicas that may be lower than the present one, or that an autoscaler sets back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_PRESENT = lazy(
    r"\b(?:get|describe)\s+(?:deploy\w*|sts|statefulsets?|hpa|rs)\b|\bcurrent(?:ly)?\b[^\n]{0,40}\breplica"
    r"|\breplicas?\b[^\n]{0,40}\bcurrent|--current-replicas|\bfrom \d+ to \d+",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    scaled_down = False
    for call in kubectl.calls(document):
        if call.verb != "scale":
            continue
        count = call.options.get("--replicas", "")
        scaled_down = scaled_down or count == "0"
        if not count.isdecimal() or count == "0" or scaled_down:
            continue
        if "--all" in call.options or not _is_known(document):
            yield at(
                call.command,
                f"{shown(call.command.text)} sets {count} replicas whatever runs now: it may scale down, or an "
                f"autoscaler undoes it",
            )


def _is_known(document: Document) -> bool:
    """Whether the document looks at the present number, or speaks of an autoscaler."""
    if document.has_any("hpa", "autoscal", "keda"):
        return True
    lines = document.lines_with("replica", "get ", "describe ")
    return any(_PRESENT.search(document.lines[number - 1]) for number in lines)


RULE = Rule(
    code="RB607",
    name="absolute-scale",
    severity=Severity.WARNING,
    summary="A number of replicas is set without a look at the present one or at an autoscaler.",
    why='A service that has grown to eight pods loses five of them by "scale up to 3", and a HorizontalPodAutoscaler '
    "sets the number back "
    "within seconds. Read the present number first, and change the minimum of the autoscaler where there is one.",
    fires="```bash\nkubectl scale deployment/api --replicas=3 -n shop\n```\n",
    silent="```bash\nkubectl get deployment/api -n shop\nkubectl get hpa -n shop\nkubectl scale deployment/api "
    "--replicas=6 -n shop\n```\n",
    check=_check,
)
