"""Removes the containers that a killed daemon left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.cluster.runtimes.container.ledger import tokens


def recover(folder: Path) -> Sequence[str]:
    """Remove what the platforms in `folder` left in the engine; returns a description of each. Idempotent.

    Raises MachineError when something may be left and no engine answers.
    """
    recorded = tokens(folder)
    if not recorded:
        return []
    from harness.cluster.runtimes.container.engine import remove  # noqa: PLC0415  needs an extra

    return remove(recorded)
