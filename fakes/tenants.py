"""The tenants that may send requests: the names in `APP_DIR/tenants.json`, by default five."""

from __future__ import annotations

import json
from pathlib import Path

from fakes.settings import SettingError

DEFAULT = ("acme", "globex", "initech", "umbrella", "hooli")


def load(app_dir: Path) -> frozenset[str]:
    """Read the tenants' names. Raises SettingError when the file is invalid."""
    path = app_dir / "tenants.json"
    if not path.exists():
        return frozenset(DEFAULT)
    try:
        names = json.loads(path.read_text())
    except ValueError as error:
        raise SettingError(f"{path} is not JSON: {error}") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingError(f"{path} must be a list of names")
    return frozenset(names)
