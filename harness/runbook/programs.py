"""Recognizes shell commands by the program at their beginning."""

from __future__ import annotations

import re

_PROGRAM = re.compile(
    r"sudo|kubectl|oc|helm|docker|podman|crictl|curl|wget|[ez]?grep|awk|sed|cat|less|tail|head|ls|cd|df|du|ps|h?top|free|uptime"
    r"|vmstat|iostat|dmesg|journalctl|systemctl|psql|mysql|redis-cli|mongosh?|kafka-\S+|aws|gcloud|az|gh|git|make|ssh|scp|ping"
    r"|dig|nslookup|nc|netstat|ss|ip|openssl|terraform|ansible\S*|python3?|bash|sh|echo|export|kill|lsof|jq|yq|find|xargs|stern"
)
_ENGLISH = re.compile(
    r"sudo|cat|less|tail|head|cd|top|free|uptime|make|ping|ip|bash|sh|echo|export|kill|find|oc|az|gh|ls|ps|df|du|ss|python3?"
)
"""Programs whose names also begin sentences."""
_SIGN = re.compile(r"(^|\s)--?\w|\||&&|(^|\s)\.{0,2}/\S|\$[({A-Z]")
_ASSIGNMENTS = re.compile(r"^(\w+=\S*\s+)+")


def is_program(code: str) -> bool:
    """Whether the first word of a text, behind its assignments, is a known program or `export`."""
    words = _ASSIGNMENTS.sub("", code.strip()).split(maxsplit=1)
    return bool(words) and bool(_PROGRAM.fullmatch(words[0]))


def runs_a_program(code: str) -> bool:
    """Whether a text does more than to export variables."""
    return is_program(code) and not code.strip().startswith("export ")


def only_assigns(code: str) -> bool:
    """Whether a text only assigns variables: `A=1`, `export A=1 B=2`."""
    return bool(re.fullmatch(r"(export\s+)?(\w+=\S*\s*)+", code.strip()))


def looks_typed(text: str) -> bool:
    """Whether a text that is not marked as code is a command: a program that is no word, or one with an option."""
    plain = text.strip("` ")
    return is_program(plain) and (not _ENGLISH.fullmatch(plain.split()[0]) or bool(_SIGN.search(plain)))
