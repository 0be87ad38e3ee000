"""The verbs of kubectl that change nothing, whatever follows them."""

from __future__ import annotations

READING = frozenset(
    {
        "get", "describe", "logs", "top", "explain", "version", "cluster-info", "api-resources", "api-versions",
        "auth", "diff", "events", "wait",
    }
)  # fmt: skip
