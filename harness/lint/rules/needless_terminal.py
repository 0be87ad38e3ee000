"""RB303: a terminal for a command that asks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.names import names
from harness.lint.patterns import lazy
from harness.lint.words import Word, inner

_OPTION = lazy(r"-(?:it|ti|i|t)|--(?:stdin|tty)")
_PLAIN = names(
    """
    cat ls env printenv curl wget grep head ps df du date hostname id whoami nslookup dig ping ss netstat free
    uptime stat find nginx java jstack jmap jcmd rabbitmqctl pg_isready pg_dump wc test kill sed awk tar which
    uname
    """
)
_WITH_TEXT = {
    "psql": ("-c", "--command", "-f"),
    "mysql": ("-e", "--execute"),
    "sh": ("-c",),
    "bash": ("-c", "-lc"),
    "mongo": ("--eval",),
    "mongosh": ("--eval",),
}


def _check(document: Document) -> Iterator[Hit]:
    """The first one, with the number of all: most documents have it everywhere or nowhere."""
    found = [hit for command in document.commands for hit in _of(command)]
    if found:
        more = f" (so do {len(found) - 1} more commands)" if len(found) > 1 else ""
        yield Hit(found[0].place, f"{found[0].message}{more}")


def _of(command: Command) -> Iterator[Hit]:
    if command.program not in ("kubectl", "oc", "docker", "podman") or "exec" not in command.argv[1:6]:
        return
    option, inside = _terminal(command), inner(command.words)
    if (
        option is not None
        and inside is not None
        and not isinstance(inside.content, Word)
        and _asks_nothing(inside.content)
    ):
        yield Hit(option.place, f"`{option.text}` asks for a terminal, but `{inside.content[0].text}` needs none")


def _terminal(command: Command) -> Word | None:
    for word in command.words[1:]:
        if word.text == "--":
            return None
        if _OPTION.fullmatch(word.text):
            return word
    return None


def _asks_nothing(words: tuple[Word, ...]) -> bool:
    program = words[0].text.rsplit("/", 1)[-1]
    texts = [word.text for word in words]
    if program in _WITH_TEXT:
        given = any(flag in texts for flag in _WITH_TEXT[program])
        shell = program in ("sh", "bash")
        return given and not (shell and re.search(r"\b(?:exec (?:ba)?sh|top|vi|psql\s*$|mysql\s*$)\b", texts[-1]))
    return program in _PLAIN and "-f" not in texts


RULE = Rule(
    code="RB303",
    name="needless-terminal",
    severity=Severity.NOTE,
    summary="A command gets a terminal (`-it`) that it does not need.",
    why="Without a terminal, as in a pipeline or an automated step, `-t` fails or warns, and it adds carriage returns "
    "to the output that "
    "a filter behind it then sees. Leave `-it` out where nothing is typed.",
    fires="```bash\nkubectl exec -it deployment/api -n shop -- cat /etc/app.conf\n```\n",
    silent="```bash\nkubectl exec -it deployment/db -n shop -- psql\n```\n",
    check=_check,
)
