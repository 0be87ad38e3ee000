"""Words of commands, and the command behind another one: `sudo X`, `timeout 5 X`, `kubectl exec POD -- X`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.lint.page import Place

_ESCAPES = re.compile(r"\\(\n|.)", re.S)
_PIECES = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(\n|.)|([^'\"\\]+)", re.S)


class Word(NamedTuple):
    """One word as written and without its quotes; expansions stay as written (`$POD`)."""

    raw: str
    text: str
    place: Place

    @property
    def in_single_quotes(self) -> bool:
        return self.raw[:1] == "'"


@dataclass(frozen=True, slots=True)
class Inner:
    """What runs inside of a command: words, or one word whose text is shell; and the outer program."""

    content: tuple[Word, ...] | Word
    program: str


def static(raw: str) -> str:
    """A word without its quotes and backslashes."""
    if "'" not in raw and '"' not in raw and "\\" not in raw:
        return raw
    return "".join(
        piece[1] or _ESCAPES.sub(r"\1", piece[2] or "") or (piece[3] or "").replace("\n", "") or piece[4] or ""
        for piece in _PIECES.finditer(raw)
    )


_PREFIXES = {
    "sudo": "ugpCTDhR", "doas": "uC", "time": "fo", "nohup": "", "env": "uCS", "nice": "n", "ionice": "cnp",
    "timeout": "ks", "watch": "n", "xargs": "InLPdsaE", "command": "", "exec": "", "stdbuf": "ioe", "caffeinate": "",
    "builtin": "",
}  # fmt: skip
"""Programs that run the program in their arguments, with the letters of their options that take a value."""
_DURATION = re.compile(r"[\d.$<{][\w.>}]*")


def unwrapped(words: tuple[Word, ...]) -> tuple[tuple[str, ...], tuple[Word, ...]]:
    """The programs before the one that does the work, and its words."""
    prefix: list[str] = []
    rest = words
    while len(rest) > 1 and (values := _PREFIXES.get(rest[0].text)) is not None:
        name = rest[0].text
        at = _behind_options(rest, values)
        if name == "timeout" and at < len(rest) and _DURATION.fullmatch(rest[at].text):
            at += 1
        while name in ("env", "sudo") and at < len(rest) and re.match(r"\w+=", rest[at].text):
            at += 1
        if at >= len(rest):
            break
        if name == "watch" and " " in rest[at].text and len(rest) == at + 1:
            break
        prefix.append(name)
        rest = rest[at:]
    return tuple(prefix), rest


def _behind_options(words: Sequence[Word], values: str) -> int:
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        takes = len(option) == 2 and option[1] in values
        at += 2 if takes else 1
        if option == "--":
            break
    return at


_SHELLS = ("sh", "bash", "ash", "dash", "zsh", "ksh")


def inner(words: tuple[Word, ...]) -> Inner | None:
    """What runs inside of a command; None where nothing does."""
    reader = _INNER.get(words[0].text.rsplit("/", 1)[-1])
    return reader(words) if reader else None


def _of_chroot(words: tuple[Word, ...]) -> Inner | None:
    return Inner(words[2:], "chroot") if len(words) > 2 else None


def _of_watch(words: tuple[Word, ...]) -> Inner | None:
    quoted = " " in words[-1].text and words[-1].raw[:1] in "'\""
    return Inner(words[-1], "watch") if quoted else None


def _of_shell(words: tuple[Word, ...]) -> Inner | None:
    for at, word in enumerate(words[1:-1], start=1):
        if re.fullmatch(r"-[a-z]*c", word.text) and words[at + 1].raw[:1] in "'\"":
            return Inner(words[at + 1], "sh")
    return None


def _of_kubectl(words: tuple[Word, ...]) -> Inner | None:
    texts = [word.text for word in words]
    if not any(verb in texts[1:6] for verb in ("exec", "rsh", "run", "debug")):
        return None
    if "--" in texts:
        rest = words[texts.index("--") + 1 :]
        return Inner(rest, "kubectl") if rest else None
    if "rsh" in texts or "exec" in texts:
        verb = texts.index("rsh" if "rsh" in texts else "exec")
        at = _behind_flags(words, verb + 1, "ncC")
        rest = words[at + 1 :]
        if rest and not rest[0].text.startswith("-"):
            return Inner(rest, "kubectl")
    return None


def _behind_flags(words: Sequence[Word], at: int, values: str) -> int:
    while at < len(words) and words[at].text.startswith("-"):
        option = words[at].text
        at += 2 if len(option) == 2 and option[1] in values else 1
    return at


def _of_container(words: tuple[Word, ...]) -> Inner | None:
    texts = [word.text for word in words]
    if "exec" not in texts[1:4]:
        return None
    at = _behind_flags(words, texts.index("exec") + 1, "uewn")
    rest = words[at + 1 :]
    return Inner(rest, "docker") if rest else None


def _of_ssh(words: tuple[Word, ...]) -> Inner | None:
    at = _behind_flags(words, 1, "bcDEeFIiJLlmOopQRSWw")
    rest = words[at + 1 :]
    if not rest:
        return None
    if len(rest) == 1 and rest[0].raw[:1] in "'\"":
        return Inner(rest[0], "ssh")
    return Inner(rest, "ssh")


_INNER: dict[str, Callable[[tuple[Word, ...]], Inner | None]] = {
    **dict.fromkeys(("kubectl", "oc", "k", "kubecolor"), _of_kubectl),
    **dict.fromkeys((*_SHELLS, "su"), _of_shell),
    **dict.fromkeys(("docker", "podman", "nerdctl", "crictl", "docker-compose"), _of_container),
    "ssh": _of_ssh,
    "chroot": _of_chroot,
    "watch": _of_watch,
}
