"""Masks secrets in what a person or a program types, and in what commands print, before it is recorded. Pure.

It knows secrets by their names and by their forms: it cannot know one that has neither.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

_NAME = r"[\w.-]*(?:passw(?:or)?d|passphrase|secret|token(?!s)|(?:api|access|private)[-_]?key|credentials?)[\w.-]*"
_HEADER = r"(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:key|token)"
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'&,;}]+)"""
_RULES: Final = (
    # -----BEGIN … PRIVATE KEY-----, also without its end
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), r"\1 ***"),
    # Authorization: Bearer …, Cookie: …
    (re.compile(rf"""\b({_HEADER})(\s*:\s*)[^"'\r\n]+""", re.I), r"\1\2***"),
    # --password=…, DB_PASSWORD=…, "token": "…"
    (re.compile(rf"""\b({_NAME})(["']?\s*[=:]\s*){_VALUE}""", re.I), r"\1\2***"),
    # --password …
    (re.compile(rf"(?<!\S)(--?{_NAME})(\s+)(?!-){_VALUE}", re.I), r"\1\2***"),
    # deployment/api DB_PASSWORD old -> new, as gameday writes a change
    (re.compile(rf"\b({_NAME}) (?:\S+|\(not set\)) -> .+", re.I), r"\1 *** -> ***"),
    # https://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]+:)[^\s/@]+(@)", re.I), r"\1***\2"),
    # curl -u user:password
    (re.compile(r"(?<!\S)(-u|--user)([\s=]+)([^\s:]+:)\S+"), r"\1\2\3***"),
    # JSON Web Tokens, keys of AWS, tokens of GitHub
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}"), MASK),
)  # fmt: skip


def masked(text: str) -> str:
    """The text with `***` in place of each secret: values of names such as PASSWORD, credentials in headers and URLs,
    private keys, and tokens of known forms."""
    for pattern, mask in _RULES:
        text = pattern.sub(mask, text)
    return text
