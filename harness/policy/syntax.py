"""Whether bash itself can read a text."""

from __future__ import annotations

import os
import re
import subprocess


def syntax_error(text: str) -> str:
    """bash's own message; "" for a text that bash can read. Asked before a run, since `eval` would run what stands
    before the error. Nothing of the text runs."""
    checked = subprocess.run(
        ["bash", "-n"], input=text, capture_output=True, text=True, check=False, env={"PATH": os.defpath}
    )
    return re.sub(r"^\S*bash: ", "bash: ", checked.stderr, flags=re.MULTILINE) if checked.returncode else ""
