"""HTML that only wraps Markdown: `<details>` and `<summary>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_TAGS = re.compile(r"</?(?:details|summary)(?:\s[^<>]*)?>", re.I)
_FENCE = re.compile(r"^\s*(?:[-*+>]\s*)*(`{3,}|~{3,})")


def without_details(lines: Sequence[str]) -> Iterator[str]:
    """The lines without these tags outside of fences, since Markdown reads no block directly below a tag."""
    fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if found and (not fence or (found[1].startswith(fence) and not line[found.end() :].strip())):
            fence = "" if fence else found[1]
        yield line if fence or found else _TAGS.sub("", line)
