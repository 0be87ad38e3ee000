"""What may not run, and why, decided on the text before anything starts.

The runbook is somebody else's text. What is not known to be harmless is refused: fail closed. Two things are let
through on purpose: a program that does not exist here (it fails by itself, as it would for the operator), and
arguments of kubectl that are only known when it runs (`kubectl describe pod $POD`): the session's kubectl is the
platform's own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.bash.analyse import Call, Script, Word, analyse
from harness.policy.allowlist import curl_refusals, kubectl_refusals, psql_refusals
from harness.policy.classify import inner_words, is_exec, listed
from harness.policy.filters import FILTERS, filter_refusals
from harness.policy.scope import NAME, Scope, is_unset, readable, settle
from harness.policy.syntax import syntax_error

_HARMLESS = listed(
    "sleep echo true false : pwd cd return break continue exit shift wait type which whoami hostname uname"
)
_DECLARE = listed("export local declare readonly typeset")
_TESTS = frozenset(("test", "[", "[["))
_BUILTINS = listed(
    ". alias bg bind builtin caller command compgen complete compopt coproc dirs disown enable eval exec "
    "fc fg getopts hash help history jobs kill let logout mapfile popd pushd readarray source suspend "
    "times trap ulimit umask unalias"
)
_POD_READERS = listed("printenv env ls")
_SHELLS = listed("sh bash ash dash")
_MEANINGFUL = re.compile(
    r"PATH|LD_.*|DYLD_.*|BASH.*|ENV|PS[0-4]|PROMPT_COMMAND|SHELLOPTS|GLOBIGNORE|CURL.*|SSL.*|HOME|XDG_.*|KUBE.*|.*_proxy|.*_PROXY|"
    r"GREP_.*|AWK.*|JQ_.*|PG.*|PSQL.*|PAGER|LESS.*|EDITOR|TMPDIR|LOCPATH|NLSPATH|TERMINFO.*|PYTHON.*|__gameday.*"
)
_CONSTRUCTS = {
    "background": "`&` leaves a program running behind",
    "process_substitution": "process substitution runs programs that nothing waits for",
    "indirection": "`${!…}`, `${…@…}` and `${…:…}` can read text as a command",
}


def refusals(text: str, earlier: Sequence[Script] = (), namespace: str = "production") -> list[str]:
    """Why this text may not run, each reason once; empty where it may. `earlier`: what ran before in the same shell.

    A text that bash cannot read is not refused: none of it will run."""
    if analyse(text).doubts and syntax_error(text):
        return []
    scope = Scope(tuple(earlier), namespace, False)
    return list(dict.fromkeys(_script(analyse(text), scope)))


def _script(script: Script, outer: Scope) -> Iterator[str]:
    scope = replace(outer, scripts=(*outer.scripts, script))
    yield from (f"cannot be read with certainty: {doubt}" for doubt in script.doubts)
    yield from (why for name, why in _CONSTRUCTS.items() if name in script.constructs)
    if "arithmetic" in script.constructs:
        yield from _arithmetic(scope)
    yield from _assigned(script)
    yield from _redirected(script, scope)
    for name in script.functions & (_BUILTINS | {"kubectl", "curl"}):
        yield f"{name}(): gives a program another meaning"
    for call in script.calls:
        if call.words:
            yield from _call(call, scope)


def _assigned(script: Script) -> Iterator[str]:
    for name, _ in script.assignments:
        if _MEANINGFUL.fullmatch(name):
            yield f"{name}=…: changes what programs do here"
        elif not NAME.fullmatch(name) and not name.startswith(("-", "$")):
            yield f"{name}=…: not a plain variable"


def _arithmetic(scope: Scope) -> Iterator[str]:
    """bash runs `$(…)` inside a value that it computes with, so such a value has to be a number."""
    text = scope.scripts[-1].text
    for name, words in scope.values().items():
        for word in words:
            plain = re.fullmatch(r"-?\d*|\{\d+\.\.\d+\}", word.text) or re.fullmatch(
                r"\$\(\(.*\)\)|\$\(.*\|\s*wc -l\s*\)", word.text
            )
            if not plain and ("[" in word.text or re.search(rf"\b{re.escape(name)}\b", text)):
                yield f"computes with ${name}, whose value is not known to be a number"


def _redirected(script: Script, scope: Scope) -> Iterator[str]:
    for redirect in script.redirects:
        target = redirect.target.text
        if redirect.operator in ("<<", "<<-", "<<<") or (
            redirect.operator in (">&", "<&") and re.fullmatch(r"[012-]", target)
        ):
            continue
        if target not in ("/dev/null", "/dev/stdout", "/dev/stderr") and not (
            redirect.operator == "<" and readable(scope, target)
        ):
            yield f"`{redirect.operator} {redirect.target.raw}`: no file but /dev/null may be written or read"


def _call(call: Call, scope: Scope) -> Iterator[str]:
    first, *rest = call.words
    settled = [settle(word, scope) for word in rest]
    arguments = [word for word in settled if word.text or word.quoted or word.raw in ("''", '""')]
    name = first.text
    if first.computed or not re.fullmatch(r"\w[\w.+-]*|\.|\[\[?|:", name):
        why = (
            "only known when it runs"
            if first.computed
            else "a path and not a plain name"
            if "/" in name
            else "not a plain name"
        )
        yield f"`{first.raw}`: which program this is, is {why}"
        return
    if name in scope.functions():
        return
    checks = _IN_POD if scope.in_pod and name in _IN_POD else _CHECKS
    if name in checks:
        yield from checks[name](replace(call, words=(first, *arguments)), scope)
    elif name in FILTERS:
        yield from filter_refusals(name, arguments, lambda path: readable(scope, path))
    elif name not in _HARMLESS and (name in _BUILTINS or _exists(name)):
        yield f"{name}: not among the programs that a runbook may run here"


def _exists(name: str) -> bool:
    return (
        shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), os.defpath, "/usr/sbin:/sbin")))
        is not None
    )


def _kubectl(call: Call, scope: Scope) -> Iterator[str]:
    yield from kubectl_refusals(call)
    if is_exec(call):
        inner = inner_words(call)
        if inner:
            yield from _call(Call(tuple(inner)), replace(scope, in_pod=True, scripts=()))
            yield from _filled_in(inner, scope)


def _filled_in(inner: Sequence[Word], scope: Scope) -> Iterator[str]:
    """What the operator's shell puts into a pod's command has to be known; what it leaves empty is."""
    for word in inner:
        known = all(is_unset(name, scope) for name in word.variables) and not re.search(r"\$\(|`", word.text)
        if word.computed and not known and inner[0].text not in ("echo", "printenv", "curl"):
            yield f"kubectl exec: `{word.raw}` is only known when it runs"


def _curl(call: Call, scope: Scope) -> Iterator[str]:
    yield from curl_refusals(call.arguments, scope.namespace, in_pod=scope.in_pod)


def _psql(call: Call, scope: Scope) -> Iterator[str]:
    yield from psql_refusals(call.arguments, scope.namespace)


def _shell(call: Call, scope: Scope) -> Iterator[str]:
    """`sh -c TEXT` in a pod: the text is read as this one was."""
    words = call.arguments
    if len(words) != 2 or not re.fullmatch(r"-[elux]*c", words[0].text):
        yield f"{call.program}: only `{call.program} -c TEXT` can be looked at"
    else:
        yield from _script(analyse(words[1].text), scope)


def _reader(call: Call, scope: Scope) -> Iterator[str]:
    for word in call.arguments:
        path = call.program == "ls" and not word.text.startswith("-")
        if (call.program == "env") or (path and not readable(scope, word.text)):
            yield f"{call.program} {word.raw}: in a pod only /app may be read"


def _prefix(call: Call, scope: Scope) -> Iterator[str]:
    """`timeout 5 PROGRAM …`, `time PROGRAM …`, `xargs PROGRAM …`, `nice`: the program behind is what runs."""
    words = list(call.arguments)
    values = {"timeout": "sk", "xargs": "InLPd"}.get(call.program, "")
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option[-1] in values and len(option) == 2 and words:
            words.pop(0)
        elif not re.fullmatch(r"-[rt0pv]+|-[InLPdsk]\S+|--(foreground|preserve-status|no-run-if-empty|null)", option):
            yield f"{call.program} {option}: not among the options that are known to be harmless"
    if call.program == "timeout" and words:
        words.pop(0)
    if call.program == "xargs" and words and words[0].text not in ("kubectl", "echo"):
        yield f"xargs {words[0].raw}: with words that are only known when it runs; only kubectl and echo may have those"
    elif call.program == "xargs" and words and words[0].text == "kubectl" and len(words) < 2:
        yield "xargs kubectl: the verb is only known when it runs"
    if words:
        yield from _call(Call(tuple(words)), scope)


def _watch(call: Call, scope: Scope) -> Iterator[str]:
    """It hands its words to a shell, so they are read as a text."""
    words = list(call.arguments)
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-n", "--interval") and words:
            words.pop(0)
        elif not re.fullmatch(r"-[tdeg]+|-n\S+|--(no-title|differences|interval=\S+)", option):
            yield f"watch {option}: not among the options that are known to be harmless"
    if any(word.computed for word in words):
        yield "watch: what it runs is only known when it runs"
    yield from _script(analyse(" ".join(word.text for word in words)), scope)


def _declare(call: Call, scope: Scope) -> Iterator[str]:
    for word in call.arguments:
        if not re.fullmatch(r"-[xrgp]+|[A-Za-z_]\w*(=.*)?", word.text, re.DOTALL):
            yield f"{call.program} {word.raw}: not a plain variable"


def _set(call: Call, scope: Scope) -> Iterator[str]:
    for word in call.arguments:
        if word.computed or not re.fullmatch(r"[-+][euxo]+|pipefail|errexit|nounset|xtrace|--", word.text):
            yield f"set {word.raw}: changes how this shell works"


def _test(call: Call, scope: Scope) -> Iterator[str]:
    if any(word.text in ("-v", "-R") for word in call.arguments):
        yield f"{call.program} -v: can read text as a command"


def _printf(call: Call, scope: Scope) -> Iterator[str]:
    first = call.arguments[0] if call.arguments else Word("", "")
    if first.text.startswith("-v") or (first.computed and not first.head):
        yield "printf -v: can read text as a command"


def _names(call: Call, scope: Scope) -> Iterator[str]:
    for word in call.arguments:
        if not re.fullmatch(r"-[rfvas]+|-[dpntN]\S*|\d+|[A-Za-z_]\w*|", word.text) and not word.quoted:
            yield f"{call.program} {word.raw}: not a plain variable"


def _date(call: Call, scope: Scope) -> Iterator[str]:
    if any(
        not re.fullmatch(r"\+.*|-u|-[dI]\S*|--(utc|date=.*|iso-8601(=\w+)?|rfc-3339=\w+)|[^-].*", word.text)
        for word in call.arguments
    ):
        yield "date: sets the clock or reads a file"


_Check = Callable[[Call, Scope], Iterator[str]]
_CHECKS: Mapping[str, _Check] = {
    "kubectl": _kubectl,
    "curl": _curl,
    "watch": _watch,
    "set": _set,
    "printf": _printf,
    "date": _date,
    "read": _names,
    "unset": _names,
    **dict.fromkeys(_DECLARE, _declare),
    **dict.fromkeys(_TESTS, _test),
    **dict.fromkeys(("timeout", "time", "xargs"), _prefix),
}
_IN_POD: Mapping[str, _Check] = {
    "psql": _psql,
    **dict.fromkeys(_SHELLS, _shell),
    **dict.fromkeys(_POD_READERS, _reader),
}
