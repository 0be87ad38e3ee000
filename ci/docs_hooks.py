"""Hooks of MkDocs: publish the JSON Schema of gameday.yaml with the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.bindings.file_schema import json_schema
from harness.report.format import as_json


def on_post_build(config: Mapping[str, object]) -> None:
    """Write `gameday.schema.json` at the top of the site."""
    (Path(str(config["site_dir"])) / "gameday.schema.json").write_text(as_json(json_schema()), encoding="utf-8")
