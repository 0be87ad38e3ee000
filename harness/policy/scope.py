"""What is known, before it runs, about the shell in which a text will run: its variables, its functions, its files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from harness.bash.analyse import Script, Word
from harness.policy.filters import HARMLESS_FILES

NAME = re.compile(r"[A-Za-z_]\w*")
_SET_BY_BASH = re.compile(
    r"_|BASH.*|SHELL.*|SHLVL|PWD|OLDPWD|HOST.*|MACHTYPE|OSTYPE|E?UID|PPID|IFS|OPT.*|S?RANDOM|SECONDS|EPOCH.*|LINENO|TERM|"
    r"PS\d|GROUPS|DIRSTACK|PIPESTATUS|REPLY|COMP_.*|COPROC.*|FUNCNAME|MAPFILE|HOME|PATH|CURL.*|LANG|LC_.*|USER|LOGNAME|"
    r"COLUMNS|LINES|TMPDIR|HIST.*|MAIL.*|__gameday.*"
)
_SIMPLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass(frozen=True)
class Scope:
    """What is known about the shell in which a text will run."""

    scripts: tuple[Script, ...]
    namespace: str
    in_pod: bool

    def values(self) -> dict[str, list[Word]]:
        found: dict[str, list[Word]] = {}
        for script in self.scripts:
            for name, word in script.assignments:
                found.setdefault(name, []).append(word)
        return found

    def functions(self) -> set[str]:
        return {name for script in self.scripts for name in script.functions}


def is_unset(name: str, scope: Scope) -> bool:
    """Whether the operator's shell has no such variable: nothing of it is inherited, and no text so far has set it."""
    return bool(NAME.fullmatch(name)) and not _SET_BY_BASH.fullmatch(name) and name not in scope.values()


def readable(scope: Scope, path: str) -> bool:
    """In a pod, its own /app; nothing else."""
    inside = scope.in_pod and re.fullmatch(r"/app(/[\w.*-]+)*/?", path) and ".." not in path
    return bool(inside) or path in HARMLESS_FILES


def settle(word: Word, scope: Scope) -> Word:
    """Fill in what is known of the shell's variables: those with one written value, and those that were never set."""
    values = scope.values()

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in values and (scope.in_pod or not is_unset(name, scope)):
            return match[0]
        words = values.get(name, [Word("", "")])
        simple = (
            len(words) == 1 and not words[0].computed and (word.quoted or not re.search(r"[\s*?\[]", words[0].text))
        )
        return words[0].text if simple else match[0]

    if not word.computed:
        return word
    text = _SIMPLE.sub(value, word.text)
    return replace(word, text=text, computed=bool(re.search(r"[$`]", text)))
