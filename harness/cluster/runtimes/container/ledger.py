"""Which containers and networks are a platform's: those that carry its token, and only those.

The token is on disk before the first of them is made, so there is no moment at which one could be lost; names and
patterns of names are never asked for.
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
"""Labels: the token; for people, the platform's folder and which part of it this is."""


def new_token(folder: Path) -> str:
    """One that is recorded in the platform's folder."""
    token = secrets.token_hex(8)
    with (folder / LEDGER).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"platform": token}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return token


def tokens(folder: Path) -> Sequence[str]:
    """Those of all platforms that were started in the folder; a line cut short by a crash was never acted on."""
    found = []
    with suppress(FileNotFoundError):
        for line in (folder / LEDGER).read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                found.append(str(json.loads(line)["platform"]))
    return found
