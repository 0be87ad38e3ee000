"""Regular expressions that are compiled at their first use: one document needs few of those of all rules."""

from __future__ import annotations

import re
from typing import cast


class _Lazy:
    """Stands for a pattern until one of its methods is needed."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> object:
        """A method of the compiled pattern, which stays."""
        compiled = re.compile(self._pattern, self._flags)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub", "split"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used."""
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
