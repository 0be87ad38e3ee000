"""Reads the command line of kubectl and oc: verb, kind, names, options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.kubectl_names import ALIASES, CLUSTER_WIDE, PROGRAMS, READING, VALUES

__all__ = ["CLUSTER_WIDE", "PROGRAMS", "Kubectl", "calls", "has_hash", "read"]
_GROUPS = ("rollout", "set", "config", "auth", "adm", "certificate", "create", "policy", "top")


@dataclass(frozen=True)
class Kubectl:
    """One call of kubectl or oc."""

    command: Command
    verb: str
    sub: str
    """The second word of `rollout restart`, `set env`, `adm drain`; otherwise ""."""
    kind: str
    """The first resource kind in the singular and without its short form; "" where none is named."""
    names: tuple[str, ...]
    """The names of objects, without their kinds."""
    options: Mapping[str, str]
    """By the long form of namespace, selector, output, filename, container; otherwise as written."""

    @property
    def namespaced(self) -> bool:
        """Whether it says where: a namespace, all namespaces, or a variable or alias that may."""
        keys = self.options
        return "-A" in keys or "--all-namespaces" in keys or "--namespace" in keys

    @property
    def is_change(self) -> bool:
        """Whether it changes the cluster."""
        if self.options.get("--dry-run") in ("client", "server", "true", ""):
            return False
        if self.verb == "rollout":
            return self.sub in ("restart", "undo", "pause", "resume")
        if self.verb == "adm":
            return self.sub in ("drain", "cordon", "uncordon", "taint", "upgrade", "prune")
        return bool(self.verb) and self.verb not in READING


_LONG = {
    "-n": "--namespace",
    "-l": "--selector",
    "-o": "--output",
    "-f": "--filename",
    "-c": "--container",
    "-p": "--patch",
}


@lru_cache(maxsize=4096)
def read(command: Command) -> Kubectl | None:
    """The call; None for another program."""
    if command.program not in PROGRAMS:
        return None
    positional: list[str] = []
    options: dict[str, str] = {}
    rest = iter(command.argv[1:])
    for word in rest:
        if word == "--":
            break
        if word[:1] != "-" or word == "-":
            positional.append(word)
            continue
        _option(word, rest, options, positional)
    if not positional:
        return Kubectl(command, "", "", "", (), options)
    verb = positional.pop(0)
    sub = (
        positional.pop(0) if verb in _GROUPS and positional and not (verb == "create" and "/" in positional[0]) else ""
    )
    kind, names = _objects(verb, sub, positional)
    return Kubectl(command, verb, sub, kind, names, options)


def _option(word: str, rest: Iterator[str], options: dict[str, str], positional: list[str]) -> None:
    name, equals, value = word.partition("=")
    follows = bool(positional) and positional[0] in ("logs", "log", "port-forward", "cp")
    if not equals and len(name) > 2 and name[:2] in ("-n", "-l", "-o", "-c") and name[2:].isalnum():
        name, value = name[:2], name[2:]
    if name == "-f" and follows:
        options["--follow"] = ""
        return
    if name == "-p" and follows:
        options["--previous"] = ""
        return
    if not equals and not value and name in VALUES:
        value = next(rest, "")
    options[_LONG.get(name, name)] = value


_WITHOUT_KIND = (
    "logs",
    "log",
    "exec",
    "rsh",
    "attach",
    "cp",
    "port-forward",
    "debug",
    "drain",
    "cordon",
    "uncordon",
    "run",
)


def _objects(verb: str, sub: str, words: list[str]) -> tuple[str, tuple[str, ...]]:
    if not words:
        return ("node" if "drain" in (verb, sub) or "cordon" in (verb, sub) else ""), ()
    first = words[0]
    if "/" in first and not first.startswith(("/", ".", "http")):
        kind = first.split("/", 1)[0].lower()
        return ALIASES.get(kind, kind), tuple(word.split("/", 1)[-1] for word in words if "/" in word)
    if verb in _WITHOUT_KIND or sub in ("drain", "cordon", "uncordon", "taint"):
        node = verb in ("drain", "cordon", "uncordon") or sub in ("drain", "cordon", "uncordon")
        return ("node" if node else "pod"), tuple(words[:1])
    kind = first.split(",")[0].lower()
    return ALIASES.get(kind, kind), tuple(words[1:])


def calls(document: Document) -> Iterator[Kubectl]:
    """The calls of kubectl and oc in a document."""
    for command in document.commands:
        if (found := read(command)) is not None:
            yield found


_HASH = re.compile(r"-(?:[a-f0-9]{8,10}|[bcdfghjklmnpqrstvwxz2456789]{8,10})-[bcdfghjklmnpqrstvwxz2456789]{5}$")


def has_hash(name: str) -> bool:
    """Whether a name ends with the hashes that a ReplicaSet gives its pods."""
    return bool(_HASH.search(name)) and any(sign.isdigit() for sign in name.rsplit("-", 2)[-2] + name[-5:])
