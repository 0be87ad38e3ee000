"""What a command is there for, to look or to change; whether it ends by itself; what its text shows to go wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Literal
from urllib.parse import urlsplit

from harness.bash.analyse import Call, Script, Word, analyse


def listed(text: str) -> frozenset[str]:
    """`"get describe"` -> {"get", "describe"}."""
    return frozenset(text.split())


LOOKING_VERBS = listed(
    "get describe logs top explain version cluster-info api-resources api-versions auth diff events wait"
)
READERS = listed(
    "cat curl printenv env ls head tail grep egrep fgrep ps df du free uptime date id hostname wc stat find ss netstat"
)
_SHELLS = ("sh", "bash", "ash", "dash")
_KUBECTL_VALUE_FLAGS = listed(
    "-n --namespace -l --selector -o --output -c --container --tail --since --context --kubeconfig "
    "--cluster --user --token -s --server --as --as-group --request-timeout --timeout -v --field-selector "
    "--sort-by --cache-dir --profile --profile-output --certificate-authority --client-certificate "
    "--client-key --tls-server-name --pod-running-timeout --since-time --limit-bytes --max-log-requests"
)


def positionals(argv: Sequence[str]) -> list[str]:
    """kubectl's words without flags and their values: verb first. Stops at `--`."""
    found: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            break
        if not word.startswith("-"):
            found.append(word)
        elif word in _KUBECTL_VALUE_FLAGS:
            next(words, None)
    return found


def flags_before_verb(argv: Sequence[str]) -> list[str]:
    """kubectl's options that stand before its verb, without their values."""
    found: list[str] = []
    words = iter(argv)
    for word in words:
        if not word.startswith("-") or word == "--":
            break
        found.append(word)
        if word in _KUBECTL_VALUE_FLAGS:
            next(words, None)
    return found


def inner_words(call: Call) -> tuple[Word, ...]:
    """What a `kubectl exec` runs in the pod: behind `--`, or behind the pod's name in the old form."""
    argv = call.argv
    if "--" in argv:
        return call.words[argv.index("--") + 1 :]
    names = positionals(argv[1:])
    if len(names) < 3:
        return ()
    return call.words[argv.index(names[2], argv.index(names[1]) + 1) :]


def is_exec(call: Call) -> bool:
    return call.program == "kubectl" and positionals(call.argv[1:])[:1] == ["exec"]


def inner_script(words: Sequence[Word]) -> Script | None:
    """The text of `sh -c TEXT`, read; None for anything else."""
    argv = [word.text for word in words]
    if len(argv) >= 3 and argv[0].rsplit("/", 1)[-1] in _SHELLS and re.fullmatch(r"-[a-z]*c", argv[1]):
        return analyse(argv[2])
    return None


def name_of(call: Call) -> str:
    """A stage's name for the record: `kubectl logs`, `kubectl rollout status`, `grep`."""
    if call.program != "kubectl":
        return call.program
    verbs = positionals(call.argv[1:])[:2]
    return " ".join(["kubectl", *(verbs if verbs[:1] in (["rollout"], ["set"], ["top"]) else verbs[:1])])


def is_endless(argv: Sequence[str]) -> bool:
    """Whether a program called like this goes on until it is ended."""
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
    """Whether any command in the text goes on until it is ended."""
    return any(is_endless(call.argv) for call in script.calls)


def purpose(script: Script) -> Literal["look", "change"]:
    """`change` as soon as one of its commands changes something, else `look`."""
    return "change" if any(_changes(call) for call in script.calls) else "look"


def _changes(call: Call) -> bool:
    if call.program == "curl":
        return _sends(call.argv)
    if call.program != "kubectl":
        return False
    verbs = positionals(call.argv[1:])
    if verbs[:1] == ["exec"]:
        return _changes_inside(inner_words(call))
    if verbs[:1] == ["rollout"]:
        return verbs[1:2] not in (["status"], ["history"])
    return not (verbs[:1] and (verbs[0] in LOOKING_VERBS or verbs[:2] == ["config", "view"]))


def _changes_inside(words: Sequence[Word]) -> bool:
    script = inner_script(words)
    if script is not None:
        return any(_changes_inside(call.words) for call in script.calls if call.words)
    argv = [word.text for word in words]
    program = argv[0].rsplit("/", 1)[-1] if argv else ""
    if program == "curl":
        return _sends(argv)
    if program == "psql":
        return any(
            re.match(r"\s*(?!SELECT|SHOW|EXPLAIN|WITH|TABLE|\\)[A-Za-z]", word, re.I)
            for word in _after(argv, ("-c", "--command"))
        )
    return program not in READERS


def _after(argv: Sequence[str], flags: Collection[str]) -> list[str]:
    return [value for flag, value in pairwise(argv) if flag in flags]


def _sends(argv: Sequence[str]) -> bool:
    verbs = [verb.upper() for verb in _after(argv, ("-X", "--request"))]
    verbs += [word[2:].upper() for word in argv if re.fullmatch(r"-X\w+", word)]
    return bool(verbs and verbs[-1] not in ("GET", "HEAD")) or (
        not verbs and any(word.startswith(("-d", "--data", "--json")) for word in argv)
    )


def urls(script: Script) -> tuple[str, ...]:
    """The URLs that curl is given on the operator's side or in a pod; scheme added where it was left out, as curl
    does."""
    found = []
    for call in script.calls:
        words = inner_words(call) if is_exec(call) else call.words
        if words and words[0].text == "curl":
            found += [url for word in words[1:] if (url := _url(word.text))]
    return tuple(found)


def _url(text: str) -> str | None:
    if re.match(r"[a-z]+://", text, re.I):
        return text
    return f"http://{text}" if re.fullmatch(r"[\w.-]+:\d+(/\S*)?|localhost(/\S*)?", text) else None


def address(url: str) -> tuple[str, int]:
    """(host, port) as curl will call it; port 0 where it is not a number."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return parts.hostname or "", 0
    return parts.hostname or "", port or (443 if parts.scheme == "https" else 80)


def notes(script: Script, known: Collection[str] = ()) -> tuple[str, ...]:
    """Defects that the text shows: `$NAME` meant for the pod, filled in by the operator's shell. `known`: names
    assigned before."""
    assigned = {name for name, _ in script.assignments} | set(known)
    found = []
    for call in script.calls:
        if is_exec(call):
            inner = inner_words(call)
            names = dict.fromkeys(
                name for word in inner for name in word.variables if name.isidentifier() and name not in assigned
            )
            found += [_expansion_note(name, inner) for name in names]
    return tuple(found)


def _expansion_note(name: str, inner: Sequence[Word]) -> str:
    program = inner[0].text
    return (
        f"${name} is filled in by the operator's own shell before the pod sees it; there it is not set, "
        f"so {program} gets "
        f"{_left_of(name, inner)}. To use the pod's: {_repaired(inner)}"
    )


def _left_of(name: str, inner: Sequence[Word]) -> str:
    left = [word.raw for word in inner if word.raw not in (f"${name}", f"${{{name}}}")]
    if len(left) < len(inner):
        return f"nothing in its place (`{' '.join(left)}`)"
    return f"an empty text in its place (`{re.sub(r'[$][{]?' + name + '[}]?', '', ' '.join(left))}`)"


def _repaired(inner: Sequence[Word]) -> str:
    words = [f'"{word.raw}"' if word.computed and not word.quoted else word.raw for word in inner]
    return "sh -c '" + " ".join(words).replace("'", "'\\''") + "'"
