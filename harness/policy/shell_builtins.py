"""Checks the arguments of bash builtins and small programs: none may execute text or access a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.bash.script import Call, Word
from harness.policy.names import names, split_refusal
from harness.policy.scope import Scope

DECLARATIONS = names("export local declare readonly typeset")
TESTS = names("test [ [[")


def declaration(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `export` and the like may not run: `declare -n` and `-i` execute text that is in a value."""
    for word in call.arguments:
        if not re.fullmatch(r"-[xrgp]+|[A-Za-z_]\w*(=.*)?", word.text, re.DOTALL):
            yield f"{call.program} {word.raw}: is not a plain variable"


def set_options(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `set` may not run: only the options e, u, x, o and their long names are allowed."""
    for word in call.arguments:
        if word.computed or not re.fullmatch(r"[-+][euxo]+|pipefail|errexit|nounset|xtrace|--", word.text):
            yield f"set {word.raw}: not an allowed shell option"


def conditional(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `test` may not run: `-v` and `-R` execute what is in a subscript."""
    if any(word.text in ("-v", "-R") for word in call.arguments):
        yield f"{call.program} -v: can execute text as a command"
    if scope.in_pod and call.program != "[[":  # elsewhere the session checks the values
        yield from (f"{call.program}: {why}" for word in call.arguments if (why := split_refusal(word)))


def printf(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `printf` may not run: `-v` executes what is in a subscript."""
    first = call.arguments[0] if call.arguments else Word("", "")
    if first.text.startswith("-v") or (first.computed and not first.head):
        yield "printf -v: can execute text as a command"


def read(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `read` may not run: a name with a subscript executes what is in it."""
    words = list(call.arguments)
    while words:
        word = words.pop(0)
        if words and re.fullmatch(r"-[ras]*[dpntN]", word.text):
            value = words.pop(0)
            yield from [f"read: {why}"] if (why := split_refusal(value)) else []
        elif not re.fullmatch(r"-[ras]+|-[ras]*[dpntN][^$`]+|[A-Za-z_]\w*", word.text):
            yield f"read {word.raw}: is not a plain variable"


def unset(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `unset` may not run: a subscript executes what is in it, and a name may be that of a function."""
    for word in call.arguments:
        if not re.fullmatch(r"-v|[A-Za-z_]\w*", word.text):
            yield f"unset {word.raw}: is not a plain variable"
        elif word.text in scope.functions():
            yield f"unset {word.raw}: removes a function; give the variable another name"


def date(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `date` may not run: it may print the time, but not set it or read a file."""
    allowed = r"\+.*|-u|-u?d.+|-I\w*|--(utc|date=.*|iso-8601(=\w+)?|rfc-3339=\w+)"
    words = list(call.arguments)
    while words:
        word = words.pop(0)
        if words and re.fullmatch(r"-u?d|--date", word.text):
            word = replace(words.pop(0), text="+")
        if not re.fullmatch(allowed, word.text, re.DOTALL) or split_refusal(word):
            yield f"date {word.raw}: not an allowed option; it could set the clock or read a file"


def hostname(call: Call, scope: Scope) -> Iterator[str]:
    """Yield why `hostname` may not run: it may print the name, but not set it."""
    for word in call.arguments:
        if not re.fullmatch(r"-[sfidAI]+", word.text):
            yield f"hostname {word.raw}: not an allowed option; it could set the name of this machine"
