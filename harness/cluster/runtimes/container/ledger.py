"""Records the tokens with which platforms label their containers and networks, and the containers' ids.

A token is on disk before the first container is created, so that none can be left unrecorded. Containers are found by
their token only, never by name.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

LEDGER = "containers.jsonl"
PLATFORM, FOLDER, PART = "gameday.platform", "gameday.folder", "gameday.part"
"""Labels: the token; for people, the platform's folder and the container's role."""


def new_token(folder: Path) -> str:
    """Create a token and record it in the platform's folder."""
    token = secrets.token_hex(8)
    with (folder / LEDGER).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"platform": token}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return token


def started(folder: Path, container: str) -> None:
    """Record the id of a started container. Only its processes are looked for by it, so it need not be on disk."""
    with (folder / LEDGER).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"container": container}) + "\n")


def tokens(folder: Path) -> Sequence[str]:
    """The tokens of all platforms that were started in the folder."""
    return _recorded(folder / LEDGER, "platform")


def containers(ledger: Path) -> Sequence[str]:
    """The ids of all containers that a ledger has recorded."""
    return _recorded(ledger, "container")


def _recorded(ledger: Path, key: str) -> list[str]:
    """The values of a key. A line cut off by a crash is ignored: it was not used yet."""
    found = []
    with suppress(FileNotFoundError):
        for line in ledger.read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError, KeyError):
                found.append(str(json.loads(line)[key]))
    return found
