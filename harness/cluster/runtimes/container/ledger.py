"""Records the tokens with which platforms label their containers and networks.

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


def tokens(folder: Path) -> Sequence[str]:
    """The tokens of all platforms that were started in the folder. A line cut off by a crash is ignored: it was not
    used yet."""
    found = []
    with suppress(FileNotFoundError):
        for line in (folder / LEDGER).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                found.append(str(json.loads(line)["platform"]))
    return found
