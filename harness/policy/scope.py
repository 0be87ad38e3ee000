"""The shell in which a text will run, as far as it is known beforehand: variables, functions, readable files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.bash.script import Script, Word
from harness.policy.filters import READABLE_FILES

NAME = re.compile(r"[A-Za-z_]\w*")
_SET_BY_BASH = re.compile(
    r"_|BASH.*|SHELL.*|SHLVL|PWD|OLDPWD|HOST.*|MACHTYPE|OSTYPE|E?UID|PPID|IFS|OPT.*|S?RANDOM|SECONDS|EPOCH.*|LINENO|TERM|"
    r"PS\d|GROUPS|DIRSTACK|PIPESTATUS|REPLY|COMP_.*|COPROC.*|FUNCNAME|MAPFILE|HOME|PATH|CURL.*|LANG|LC_.*|USER|LOGNAME|"
    r"COLUMNS|LINES|TMPDIR|HIST.*|MAIL.*|__gameday.*"
)
_SIMPLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass(frozen=True)
class Scope:
    """The shell in which a text will run."""

    namespace: str
    """The namespace of the platform: a Service of it needs no suffix."""
    is_program: Callable[[str], bool]
    """Whether this machine has a program of this name."""
    scripts: tuple[Script, ...] = ()
    """What ran before in the same shell; its variables and functions still exist."""
    in_pod: bool = False
    """Whether the text runs inside `kubectl exec`."""
    programs: frozenset[str] = frozenset()
    """What the bindings allow in pods, with any arguments."""

    def values(self) -> dict[str, list[Word]]:
        """Return every value that is assigned to each variable, in order."""
        found: dict[str, list[Word]] = {}
        for script in self.scripts:
            for name, word in script.assignments:
                found.setdefault(name, []).append(word)
        return found

    def functions(self) -> set[str]:
        """Return the names of the functions that are defined."""
        return {name for script in self.scripts for name in script.functions}


def is_unset(name: str, scope: Scope) -> bool:
    """Whether the operator's shell has no such variable: it inherits none, and no text so far assigns it."""
    return bool(NAME.fullmatch(name)) and not _SET_BY_BASH.fullmatch(name) and name not in scope.values()


def readable(scope: Scope, path: str) -> bool:
    """Whether a file may be read: in a pod those below /app, elsewhere only standard input and /dev/null."""
    inside = scope.in_pod and re.fullmatch(r"/app(/[\w.*-]+)*/?", path) and ".." not in path
    return bool(inside) or path in READABLE_FILES


def settle(word: Word, scope: Scope) -> Word:
    """Replace the variables whose value is certain: those with one literal value, and those that are never set."""
    values = scope.values()
    if scope.functions():  # their text runs again, with other values
        return word

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
