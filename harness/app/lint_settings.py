"""Finds and reads the settings of the linter."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import cast

from harness.errors import GamedayError
from harness.lint.configuration import Configuration, ConfigurationError, read
from harness.lint.registry import all_rules

_TABLE = re.compile(r"^\s*\[tool\.gameday\.lint[\].]", re.M)
_KEY = re.compile(r"^lint\s*:", re.M)


def load(path: Path | None) -> Configuration:
    """The settings of a file; None: of `pyproject.toml` or `gameday.yaml` of the working directory, if they have any.

    Raises ConfigurationError where a file cannot be read or has unknown settings.
    """
    if path is not None:
        return _from_file(path, named=True)
    for name in ("pyproject.toml", "gameday.yaml"):
        beside = Path(name)
        if beside.is_file() and (found := _from_file(beside, named=False)) != Configuration():
            return found
    return Configuration()


def _from_file(path: Path, *, named: bool) -> Configuration:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: the settings cannot be read: {error}") from error
    is_toml = path.suffix == ".toml"
    if not (_TABLE if is_toml else _KEY).search(text):
        if named:
            table = "[tool.gameday.lint]" if is_toml else "lint:"
            raise ConfigurationError(f"{path}: it has no settings of the linter; write them below `{table}`")
        return Configuration()
    found = _toml(text, path) if is_toml else _yaml(text, path)
    return read(found, str(path), _known)


def _known(code: str) -> bool:
    return any(code == rule.name or rule.code.startswith(code.upper()) for rule in all_rules())


def _toml(text: str, path: Path) -> dict[str, object]:
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error
    return cast("dict[str, object]", whole["tool"]["gameday"]["lint"])


def _yaml(text: str, path: Path) -> dict[str, object]:
    from harness.schema.tree import read as read_yaml  # noqa: PLC0415  rarely needed, and slow to import

    try:
        documents = read_yaml(text, str(path))
    except GamedayError as error:
        raise ConfigurationError(str(error)) from error
    found = documents[0].at("lint") if documents else None
    plain = found.plain() if found else {}
    if not isinstance(plain, dict):
        raise ConfigurationError(f"{path}: lint: expected a mapping of settings")
    return dict(plain)
