"""Describes what a command does: whether it changes something, whether it ends, which URLs it calls, its defects."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from harness.bash import kubectl_verbs
from harness.bash.parse import parse
from harness.bash.script import Call, Script, Word
from harness.policy.kubectl import inner_command, is_exec, positionals
from harness.policy.names import names

_READERS = names(
    "cat curl printenv env ls head tail grep egrep fgrep ps df du free uptime date id hostname wc stat find ss netstat"
)
_WRAPPERS = ("timeout", "time", "xargs", "watch")
"""Programs that run the program named in their arguments."""
_SHELLS = ("sh", "bash", "ash", "dash")
_QUESTIONS = names(
    "info status list show get ping version dbsize ttl type keys scan exists help --version --help -v -V"
)
"""First arguments with which the client of a service, such as redis-cli, changes nothing."""


def inner_script(words: Sequence[Word]) -> Script | None:
    """Parse the text of `sh -c TEXT`; None for any other command."""
    argv = [word.text for word in words]
    if len(argv) >= 3 and argv[0].rsplit("/", 1)[-1] in _SHELLS and re.fullmatch(r"-[a-z]*c", argv[1]):
        return parse(argv[2])
    return None


def is_endless(argv: Sequence[str]) -> bool:
    """Whether a program with these arguments runs until it is ended (`kubectl logs -f`, `watch`)."""
    if not argv:
        return False
    program, arguments = argv[0].rsplit("/", 1)[-1], list(argv[1:])
    if program == "watch":
        return True
    if program == "tail":
        return any(re.fullmatch(r"-[a-zA-Z0-9]*[fF][a-zA-Z0-9]*|--follow(=.*)?", word) for word in arguments)
    return program == "kubectl" and _endless_kubectl(arguments)


def _endless_kubectl(arguments: list[str]) -> bool:
    verbs = positionals(arguments)[:1]
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if verbs == ["logs"]:
        return any(re.fullmatch(r"-[a-z]*f[a-z]*|--follow(=true)?", word) for word in own)
    if verbs in (["get"], ["events"]):
        return any(re.fullmatch(r"-[A-Za-z]*w|--watch(-only)?(=true)?", word) for word in own)
    return verbs == ["exec"] and "--" in arguments and is_endless(arguments[arguments.index("--") + 1 :])


def endless(script: Script) -> bool:
    """Whether any command of the text runs until it is ended."""
    return any(is_endless(call.argv) for call in script.calls)


def purpose(script: Script) -> Literal["read", "change"]:
    """Return `change` if one of its commands changes something, else `read`."""
    return "change" if any(_changes(call) for call in script.calls) else "read"


Part = Literal["replicas", "template"]
"""A part of a Deployment's spec."""


def parts_set(script: Script) -> frozenset[Part]:
    """Return the parts of Deployments that the commands of a text may set themselves; both of a `kubectl apply`."""
    changing = [_unwrapped(call) for call in script.calls if _changes(call)]
    return frozenset(part for call in changing if call.program == "kubectl" for part in _parts_set(call))


def _parts_set(call: Call) -> Iterator[Part]:
    verb = (*positionals(call.argv[1:]), "")[0]
    if verb not in ("exec", "label", "annotate", "set", "rollout"):
        yield "replicas"
    if verb not in ("exec", "label", "annotate", "scale", "autoscale"):
        yield "template"


def _unwrapped(call: Call) -> Call:
    """The kubectl or curl that a call such as `timeout 5 kubectl …` runs; any other call as it is."""
    if call.program not in _WRAPPERS:
        return call
    behind = (place for place, word in enumerate(call.argv) if word in ("kubectl", "curl"))
    return Call(call.words[next(behind, len(call.words)) :])


def _changes(call: Call) -> bool:
    call = _unwrapped(call)
    if call.program == "curl":
        return sends(call.argv)
    if call.program != "kubectl":
        return False
    verbs = positionals(call.argv[1:])
    if verbs[:1] == ["exec"]:
        return _changes_inside(inner_command(call))
    if verbs[:1] == ["rollout"]:
        return verbs[1:2] not in (["status"], ["history"])
    return not (verbs[:1] and (verbs[0] in kubectl_verbs.READING or verbs[:2] == ["config", "view"]))


def _changes_inside(words: Sequence[Word]) -> bool:
    script = inner_script(words)
    if script is not None:
        return any(_changes_inside(call.words) for call in script.calls if call.words)
    argv = [word.text for word in words]
    program = argv[0].rsplit("/", 1)[-1] if argv else ""
    if program == "curl":
        return sends(argv)
    if program == "psql":
        return any(
            re.match(r"\s*(?!SELECT|SHOW|EXPLAIN|WITH|TABLE|\\)[A-Za-z]", word, re.I)
            for word in _after(argv, ("-c", "--command"))
        )
    return program not in _READERS and not _asks(argv)


def _asks(argv: Sequence[str]) -> bool:
    """Whether the first words after a program's name are a question, in any case: `INFO`, `config get`."""
    first, second = (word.lower() for word in (*argv[1:3], "", "")[:2])
    return first in _QUESTIONS or (first == "config" and second == "get")


def calls_in_pods(script: Script) -> tuple[Call, ...]:
    """Return the commands that `kubectl exec` runs in pods, those of `sh -c TEXT` one by one."""
    found: list[Call] = []
    for words in (inner_command(call) for call in script.calls if is_exec(call)):
        inner = inner_script(words)
        found += [call for call in inner.calls if call.words] if inner else [Call(words)] if words else []
    return tuple(found)


def changes_in_pod(call: Call) -> bool:
    """Whether a command in a pod changes something."""
    return _changes_inside(call.words)


def _after(argv: Sequence[str], flags: Collection[str]) -> list[str]:
    return [value for flag, value in pairwise(argv) if flag in flags]


def sends(argv: Sequence[str]) -> bool:
    """Whether a curl with these arguments sends something that may change the service."""
    return method(argv) not in ("GET", "HEAD")


def method(argv: Sequence[str]) -> str:
    """Return the HTTP method of a curl with these arguments, in capitals."""
    verbs = [verb.upper() for verb in _after(argv, ("-X", "--request"))]
    verbs += [word[2:].upper() for word in argv if re.fullmatch(r"-X\w+", word)]
    data = any(word.startswith(("-d", "--data", "--json")) for word in argv)
    return verbs[-1] if verbs else "POST" if data else "GET"


def urls(script: Script) -> tuple[str, ...]:
    """Return the URLs that curl calls, here or in a pod. A missing scheme is read as http, as curl does."""
    found = []
    for call in script.calls:
        words = inner_command(call) if is_exec(call) else call.words
        if words and words[0].text == "curl":
            found += [url for word in words[1:] if (url := _url(word.text))]
    return tuple(found)


def _url(text: str) -> str | None:
    if re.match(r"[a-z]+://", text, re.I):
        return text
    return f"http://{text}" if re.fullmatch(r"[\w.-]+:\d+(/\S*)?|localhost(/\S*)?", text) else None


def notes(script: Script, known: Collection[str] = ()) -> tuple[str, ...]:
    """Return the defects that the text shows: `$NAME` meant for the pod, but expanded by the operator's shell.

    `known`: names of the variables that earlier commands assigned.
    """
    assigned = {name for name, _ in script.assignments} | set(known)
    found = []
    for call in script.calls:
        if is_exec(call):
            inner = inner_command(call)
            unset = dict.fromkeys(
                name for word in inner for name in word.variables if name.isidentifier() and name not in assigned
            )
            found += [_expansion_note(name, inner) for name in unset]
    return tuple(found)


def _expansion_note(name: str, inner: Sequence[Word]) -> str:
    program = inner[0].text
    return (
        f"${name} is expanded by the operator's own shell, where it is not set, before the command reaches the pod, "
        f"so {program} gets {_left_of(name, inner)}. To use the pod's variable: {_repaired(inner)}"
    )


def _left_of(name: str, inner: Sequence[Word]) -> str:
    left = [word.raw for word in inner if word.raw not in (f"${name}", f"${{{name}}}")]
    if len(left) < len(inner):
        return f"nothing in its place (`{' '.join(left)}`)"
    return f"an empty text in its place (`{re.sub(r'[$][{]?' + name + '[}]?', '', ' '.join(left))}`)"


def _repaired(inner: Sequence[Word]) -> str:
    words = [f'"{word.raw}"' if word.computed and not word.quoted else word.raw for word in inner]
    return "sh -c '" + " ".join(words).replace("'", "'\\''") + "'"
