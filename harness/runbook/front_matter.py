"""The front matter of a document: YAML between `---` lines, or TOML between `+++` lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEY = re.compile(r"(?P<key>[A-Za-z_](?:[\w .-]*[\w.-])?)\s*[:=](?:\s+(?P<value>.*)|$)")
"""The key ends in no blank, so that a long row of blanks is looked at once."""
_INSIDE = re.compile(r"\s+\S|-\s|-$|[\]}\[{]|#")


def length(lines: Sequence[str]) -> int:
    """The number of lines of the front matter with its delimiters; 0 where a document begins without one.

    TOML that names nothing is no front matter: it is listed as not understood.
    """
    first = lines[0].rstrip()
    if first not in ("---", "+++"):
        return 0
    last = next((at for at, line in enumerate(lines) if at and line.rstrip() == first), 0)
    inside = [line for line in lines[1:last] if line.strip()]
    heading = len(inside) < last - 1 and any(line.startswith("#") for line in inside)
    stated = bool(inside) and bool(_KEY.fullmatch(inside[0].rstrip()) or inside[0].startswith("#"))
    whole = all(_KEY.fullmatch(line.rstrip()) or _INSIDE.match(line) for line in inside)
    named = first == "---" or value_of("\n".join(inside), "title", "alert")
    return last + 1 if stated and whole and not heading and named else 0


def value_of(content: str, *keys: str) -> str:
    """The value of the first of these keys, without quotes; "" without one."""
    found: dict[str, str] = {}
    for line in content.split("\n"):
        match = _KEY.fullmatch(line.rstrip())
        if match:
            found.setdefault(match["key"].lower(), (match["value"] or "").strip().strip("\"'"))
    return next((found[key] for key in keys if found.get(key)), "")
