"""Text of a document that a terminal or a browser would execute."""

from __future__ import annotations

import unicodedata

CONTROL = "Time\x1b]0;owned\x07out\x1b[2K\x9b31m\u202egnp.exe"
SHOWN = r"Time\x1b]0;owned\x07out\x1b[2K\x9b31m\u202egnp.exe"
"""How it is shown."""
HTML = "<img src=x onerror=alert(1)> ![x](http://192.0.2.1/x) `` </details>"
TITLE = f"{CONTROL} {HTML}"


def control_characters(text: str) -> set[str]:
    """Control and directional formatting characters of a text, without line ends."""
    return {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}
