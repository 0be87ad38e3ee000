"""Decides on the parsed text of a command whether it may run, and why not. Entry point: `refusals`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.bash.parse import parse
from harness.bash.script import Call, Redirect, Script, Word
from harness.policy import shell_builtins as builtins
from harness.policy.arithmetic import arithmetic_refusals
from harness.policy.curl import curl_refusals
from harness.policy.filters import FILTERS, filter_refusals
from harness.policy.kubectl import inner_command, is_exec, kubectl_refusals
from harness.policy.names import NOT_ALLOWED, names, split_refusal
from harness.policy.psql import psql_refusals
from harness.policy.scope import NAME, Scope, is_unset, readable, settle

_ALLOWED = names("sleep echo true false : pwd cd return break continue exit shift wait type which whoami uname")
_REFUSED_BUILTINS = names(
    ". alias bg bind builtin caller command compgen complete compopt coproc dirs disown enable eval exec "
    "fc fg getopts hash help history jobs kill let logout mapfile popd pushd readarray shopt source suspend "
    "times trap ulimit umask unalias"
)
_POD_READERS = names("printenv env ls")
_SHELLS = names("sh bash ash dash")
_REFUSED_VARIABLES = re.compile(
    r"PATH|LD_.*|DYLD_.*|BASH.*|ENV|PS[0-4]|PROMPT_COMMAND|SHELLOPTS|GLOBIGNORE|CURL.*|SSL.*|HOME|XDG_.*|KUBE.*|.*_proxy|.*_PROXY|"
    r"GREP_.*|AWK.*|JQ_.*|PG.*|PSQL.*|PAGER|LESS.*|EDITOR|TMPDIR|LOCPATH|NLSPATH|TERMINFO.*|PYTHON.*|__gameday.*"
)
_REFUSED_CONSTRUCTS = {
    "background": "`&`: leaves a program running in the background",
    "process_substitution": "`<(…)`: starts a program that bash does not wait for",
    "indirection": "`${!…}`, `${…@…}` and `${…:…}`: can execute text as a command",
}


def refusals(script: Script, scope: Scope) -> tuple[str, ...]:
    """Return why a text may not run in this shell, each reason once; empty if it may run.

    Threat model: the document is written by someone who is not trusted, and bash runs its text on this machine with
    the sandbox's kubeconfig. The text must not start a program outside the allowed set, access a file of this machine,
    or reach a host, cluster or user outside the sandbox. The check fails closed: what is not known to be safe is
    refused, and so is a text whose parse is uncertain. Text for a shell inside a pod (`kubectl exec … sh -c TEXT`) is
    checked by the same rules.

    Allowed on purpose: a program that this machine does not have (it fails, as it would for the operator), in pods the
    programs that the bindings name, and arguments of kubectl that are only known at run time (`describe pod $POD`),
    since the kubectl on the session's PATH is the platform's own and has no other cluster. Breaking the sandbox itself
    is not prevented: it exists for that.
    """
    return tuple(dict.fromkeys(_script(script, scope)))


def argument_refusals(argv: Sequence[str], scope: Scope) -> tuple[str, ...]:
    """Return why a program may not run with these arguments, which bash has computed; empty if it may run."""
    words = tuple(Word(shlex.quote(text), text, quoted=True) for text in argv)
    return tuple(dict.fromkeys(_call(Call(words), scope)))


def _script(script: Script, outer: Scope) -> Iterator[str]:
    scope = replace(outer, scripts=(*outer.scripts, script))
    yield from (f"cannot be parsed with certainty: {doubt}" for doubt in script.doubts)
    yield from (why for name, why in _REFUSED_CONSTRUCTS.items() if name in script.constructs)
    yield from arithmetic_refusals(scope)
    yield from _assignments(script)
    for redirect in script.redirects:
        yield from _redirect(redirect, scope)
    for name in script.functions:
        if name in _REFUSED_BUILTINS | _ALLOWED | _CHECKS.keys() | FILTERS.keys() or scope.is_program(name):
            yield f"{name}(): redefines a command; give the function another name"
    for call in script.calls:
        if call.words:
            yield from _call(call, scope)


def _assignments(script: Script) -> Iterator[str]:
    for name, word in script.assignments:
        if _REFUSED_VARIABLES.fullmatch(name):
            yield f"{name}=…: changes how programs work here"
        elif not NAME.fullmatch(name) and word.text != "$(read)":
            yield f"{name}=…: is not a plain variable"
    for call in script.calls:
        for word in call.arguments if call.program == "unset" else ():
            if _REFUSED_VARIABLES.fullmatch(word.text):
                yield f"unset {word.text}: changes how programs work here"


def _redirect(redirect: Redirect, scope: Scope) -> Iterator[str]:
    operator, target = redirect.operator, redirect.target.text
    is_text = operator in ("<<", "<<-", "<<<")
    is_descriptor = operator in (">&", "<&") and re.fullmatch(r"[012-]", target)
    is_input = operator == "<" and readable(scope, target)
    if not (is_text or is_descriptor or is_input or target in ("/dev/null", "/dev/stdout", "/dev/stderr")):
        yield f"`{operator} {redirect.target.raw}`: reads or writes a file; only /dev/null is allowed"


def _call(call: Call, scope: Scope) -> Iterator[str]:
    first, *rest = call.words
    if unclear := _unclear_name(first):
        yield f"`{first.raw}`: the program's name {unclear}; write a plain name"
        return
    name = first.text
    if name in scope.functions():
        return
    checks = _IN_POD if scope.in_pod and name in _IN_POD else _CHECKS
    settled = [settle(word, scope) for word in rest]
    arguments = [word for word in settled if word.text or word.quoted or word.raw in ("''", '""')]
    if name in checks:
        yield from checks[name](replace(call, words=(first, *arguments)), scope)
    elif name in FILTERS:
        yield from filter_refusals(name, arguments, lambda path: readable(scope, path))
        if scope.in_pod:  # elsewhere the session checks the values
            yield from (f"{name}: `{word.raw}` is only known at run time" for word in arguments if word.computed)
    elif (
        not (scope.in_pod and name in scope.programs)
        and name not in _ALLOWED
        and (name in _REFUSED_BUILTINS or scope.is_program(name))
    ):
        yield f"{name}: not an allowed program"


def _exists(name: str, scope: Scope) -> bool:
    return name in _REFUSED_BUILTINS or scope.is_program(name)


def _unclear_name(word: Word) -> str:
    """Return why this word does not name a program for certain, "" if it does."""
    if word.computed:
        return "is only known at run time"
    if re.fullmatch(r"\w[\w.+-]*|\.|\[\[?|:", word.text):
        return ""
    return "is a path" if "/" in word.text else "is unclear"


def _kubectl(call: Call, scope: Scope) -> Iterator[str]:
    yield from kubectl_refusals(call)
    inner = inner_command(call) if is_exec(call) else ()
    if inner:
        yield from _call(Call(inner), replace(scope, in_pod=True, scripts=()))
        yield from _expanded_here(inner, scope)


def _expanded_here(inner: Sequence[Word], scope: Scope) -> Iterator[str]:
    """What the operator's shell expands in a pod's command must be known. A variable that is never set is known."""
    for word in inner:
        known = all(is_unset(name, scope) for name in word.variables) and not re.search(r"\$\(|`", word.text)
        if word.computed and not known and inner[0].text not in ("echo", "printenv", "curl"):
            yield f"kubectl exec: `{word.raw}` is only known at run time; write it out"


def _curl(call: Call, scope: Scope) -> Iterator[str]:
    yield from curl_refusals(call.arguments, scope.namespace, in_pod=scope.in_pod)


def _psql(call: Call, scope: Scope) -> Iterator[str]:
    yield from psql_refusals(call.arguments, scope.namespace)


def _shell(call: Call, scope: Scope) -> Iterator[str]:
    """`sh -c TEXT` in a pod: the text is checked like the whole."""
    words = call.arguments
    if len(words) != 2 or not re.fullmatch(r"-[elux]*c", words[0].text):
        yield f"{call.program}: only the form `{call.program} -c TEXT` is allowed"
    else:
        yield from _script(parse(words[1].text), scope)


def _pod_reader(call: Call, scope: Scope) -> Iterator[str]:
    for word in call.arguments:
        if call.program == "env":
            yield f"env {word.raw}: env is allowed without arguments only"
        elif call.program == "ls" and not word.text.startswith("-") and not readable(scope, word.text):
            yield f"ls {word.raw}: only files below /app may be read in a pod"


def _prefix(call: Call, scope: Scope) -> Iterator[str]:
    """`timeout 5 PROGRAM …`, `time PROGRAM …`, `xargs PROGRAM …`: the program behind is checked."""
    words = list(call.arguments)
    values = {"timeout": "sk", "xargs": "InLPd"}.get(call.program, "")
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option[-1] in values and len(option) == 2 and words:
            yield from [f"{call.program}: {why}"] if (why := split_refusal(words.pop(0))) else []
        elif not re.fullmatch(r"-[rt0pv]+|-[InLPdsk]\S+|--(foreground|preserve-status|no-run-if-empty|null)", option):
            yield f"{call.program} {option}: {NOT_ALLOWED}"
    if call.program == "timeout" and words:
        yield from [f"timeout: {why}"] if (why := split_refusal(words.pop(0))) else []
    if call.program == "xargs":
        yield from _xargs(words)
    if words:
        yield from _call(Call(tuple(words)), scope)


def _xargs(words: Sequence[Word]) -> Iterator[str]:
    """Arguments that xargs adds are only known at run time, so the program must be safe with any."""
    if words and words[0].text not in ("kubectl", "echo"):
        yield f"xargs {words[0].raw}: its arguments are only known at run time; only kubectl and echo are allowed"
    elif len(words) == 1 and words[0].text == "kubectl":
        yield "xargs kubectl: the verb is only known at run time; write it out"
    elif any(word.text == "exec" for word in words[1:3]) and not _is_complete_exec(words):
        yield "xargs kubectl exec: the command in the pod is only known at run time; write it out behind `--`"


def _is_complete_exec(words: Sequence[Word]) -> bool:
    """Whether xargs adds nothing to the command in the pod: `{}` stands before `--`, as the name of the pod."""
    texts = [word.text for word in words]
    end = texts.index("--") if "--" in texts else len(texts)
    return "{}" in texts[:end] and not any("{}" in text for text in texts[end:])


def _watch(call: Call, scope: Scope) -> Iterator[str]:
    """watch passes its arguments to a shell, so they are checked as a text."""
    words = list(call.arguments)
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-n", "--interval") and words:
            words.pop(0)
        elif not re.fullmatch(r"-[tdeg]+|-n\S+|--(no-title|differences|interval=\S+)", option):
            yield f"watch {option}: {NOT_ALLOWED}"
    if any(word.computed for word in words):
        yield "watch: its command is only known at run time; write it out"
    yield from _script(parse(" ".join(word.text for word in words)), scope)


_Check = Callable[[Call, Scope], Iterator[str]]
_CHECKS: Mapping[str, _Check] = {
    "kubectl": _kubectl,
    "curl": _curl,
    "watch": _watch,
    "set": builtins.set_options,
    "printf": builtins.printf,
    "date": builtins.date,
    "hostname": builtins.hostname,
    "read": builtins.read,
    "unset": builtins.unset,
    **dict.fromkeys(builtins.DECLARATIONS, builtins.declaration),
    **dict.fromkeys(builtins.TESTS, builtins.conditional),
    **dict.fromkeys(("timeout", "time", "xargs"), _prefix),
}
_IN_POD: Mapping[str, _Check] = {
    "psql": _psql,
    **dict.fromkeys(_SHELLS, _shell),
    **dict.fromkeys(_POD_READERS, _pod_reader),
}
