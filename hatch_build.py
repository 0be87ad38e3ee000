"""Adds the project's data files (manifests, Dockerfiles, the demo runbook) to the wheel as package data.

An editable install reads them from the checkout. `force-include` in pyproject.toml would copy them into site-packages
there as well, and the copies would go stale; so a build hook adds them to real wheels only.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Reads `files` and `folder` from its table in pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Map each file or folder into `folder` of the wheel, under its own name. `version` is the kind of wheel."""
        if version == "standard":
            folder = self.config["folder"]
            build_data["force_include"] |= {name: f"{folder}/{name}" for name in self.config["files"]}
