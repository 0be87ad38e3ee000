"""The open-file limit of the process."""

from __future__ import annotations

import resource
from contextlib import suppress


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one: a pod has more connections than the usual limit of 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems refuse an unlimited value; the limit then stays
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
