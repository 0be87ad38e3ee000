"""Variables of a pod as a kubelet sets and expands them: those of the Services, and references in values."""

from __future__ import annotations

import re
from collections.abc import Mapping

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
"""`$(NAME)` in the value of a variable; `$$` is a plain `$` (Kubernetes' dependent environment variables)."""


def link_names(service: str) -> tuple[str, str]:
    """The variables by which every pod finds a Service: of its address, and of its port."""
    name = service.upper().replace("-", "_")
    return f"{name}_SERVICE_HOST", f"{name}_SERVICE_PORT"


def expanded(value: str, known: Mapping[str, str]) -> str:
    """The value with each reference replaced; one to an unknown variable stays as it is."""
    return REFERENCE.sub(lambda found: "$" if found[1] is None else known.get(found[1], found[0]), value)
