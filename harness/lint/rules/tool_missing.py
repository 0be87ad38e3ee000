"""RB907: a program that the image of a workload does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.names import names
from harness.lint.words import Word, inner

_TOOLS = names(
    "sh bash curl wget jq psql mysql redis-cli python python3 cat ls env ps top df free netstat ss nc ping dig nslookup"
)
_NOT_IN_BUSYBOX = names("bash curl jq psql mysql redis-cli python python3 ss dig")
"""Programs that BusyBox lacks: https://busybox.net/downloads/BusyBox.html; the image of Alpine adds none of them."""


def _check(document: Document) -> Iterator[Hit]:
    platform = document.outside.platform
    for call in kubectl.calls(document) if platform is not None else ():
        found = inner(call.command.words) if call.verb == "exec" else None
        if platform is None or found is None or isinstance(found.content, Word):
            continue
        images = {image for name in call.names for image in platform.images.get(f"{call.kind}/{name}", ())}
        program = found.content[0].text.rsplit("/", 1)[-1]
        if images and all(program in _missing(image) for image in images):
            yield at(call.command, f"{shown(program)} is not in the image {shown(min(images))}")


def _missing(image: str) -> frozenset[str]:
    """The usual programs that an image lacks, as far as its name says."""
    path = re.sub(r"(?::[^/:]*)?(?:@.*)?$", "", image)
    if "/distroless/" in path or path.startswith("distroless/"):
        return _TOOLS if not image.endswith(("debug", "debug-nonroot")) else _NOT_IN_BUSYBOX
    return _NOT_IN_BUSYBOX if path.rsplit("/", 1)[-1] in ("busybox", "alpine") else frozenset()


RULE = Rule(
    code="RB907",
    name="tool-missing",
    severity=Severity.ERROR,
    summary="A command runs a program in a container whose image does not have it.",
    why="`exec` ends with `executable file not found`. Use a program of the image, `kubectl debug` with an image that "
    "has it, or ask from outside by `kubectl port-forward`.",
    fires="```bash\nkubectl exec deployment/bare -n shop -- curl --fail http://localhost:8080/health\n```\n",
    silent="```bash\nkubectl exec deployment/realtime -n shop -- curl --fail http://localhost:8080/health\n```\n",
    check=_check,
    on_platform=True,
)
