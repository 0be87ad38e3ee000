"""What the system allows one process."""

from __future__ import annotations

import resource
from contextlib import suppress


def raise_file_limit() -> None:
    """A connection is an open file, and the usual soft limit of 1,024 is less than one pod's connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # an unlimited hard limit is refused by some systems: then it stays as it was
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
