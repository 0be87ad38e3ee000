"""Checks what psql may access inside a pod: a database behind a Service, and no file or program of the pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.bash.script import Word
from harness.policy.curl import host_refusal
from harness.policy.names import NOT_ALLOWED, names

_LONG = names("command tuples-only no-align expanded quiet no-psqlrc csv no-password")
_FLAGS, _VALUES = "tAxqwXae1E", "chpUdPFRv"


def psql_refusals(arguments: Sequence[Word], namespace: str) -> Iterator[str]:
    """Yield why this psql, inside a pod, may not run."""
    words = list(arguments)
    while words:
        word = words.pop(0)
        if not word.text.startswith("-"):
            yield from _database(word.text, namespace)
        elif word.text.startswith("--"):
            name, equals, value = word.text[2:].partition("=")
            if name not in _LONG:
                yield f"psql --{name}: {NOT_ALLOWED}"
            elif name == "command":
                yield from _sql(value if equals else words.pop(0).text if words else "")
        else:
            yield from _psql_letters(word.text[1:], words, namespace)


def _psql_letters(letters: str, words: list[Word], namespace: str) -> Iterator[str]:
    for index, letter in enumerate(letters):
        if letter in _VALUES:
            value = letters[index + 1 :] or (words.pop(0).text if words else "")
            yield from _sql(value) if letter == "c" else _database(f"//{value}/" if letter == "h" else value, namespace)
            return
        if letter not in _FLAGS:
            yield f"psql -{letter}: {NOT_ALLOWED}"
            return


def _database(text: str, namespace: str) -> Iterator[str]:
    """A database name is never refused; the host of a URL must be a Service."""
    found = re.match(r"(?:\w+:)?//(?:[^@/]*@)?([^/?]*)", text)
    if found and (why := host_refusal(f"http://{found[1]}/", namespace, in_pod=True)):
        yield f"psql {why.removeprefix('http://')}"
    if (
        (not found and re.search(r"\bhost(addr)?\s*=|[?&]host", text))
        or "passfile" in text
        or ("service" in text and "=" in text)
    ):
        yield f"psql {text}: write the database as a URL, so that its host can be checked"


def _sql(text: str) -> Iterator[str]:
    if re.search(r"`|U&|\\(?!(d\w*\+?|l\+?|x|conninfo|timing)(?![\w+]))", text, re.I):
        yield f"psql: `{text.strip()}` contains a command that can run programs or access files"
    if re.search(
        r"\bcopy\b|pg_read|pg_ls|pg_stat_file|lo_import|lo_export|dblink|to_xml|ts_stat|\bload\b|\bdo\b|\bfunction\b|\bextension\b",
        text,
        re.I,
    ):
        yield f"psql: `{text.strip()}` accesses more than the database"
