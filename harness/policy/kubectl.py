"""Reads the command line of kubectl, and checks what it may access: its own cluster, and no file of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.bash.script import Call, Word
from harness.policy.names import names

_VALUE_FLAGS = names(
    "-n --namespace -l --selector -o --output -c --container --tail --since --context --kubeconfig "
    "--cluster --user --token -s --server --as --as-group --request-timeout --timeout -v --field-selector "
    "--sort-by --cache-dir --profile --profile-output --certificate-authority --client-certificate "
    "--client-key --tls-server-name --pod-running-timeout --since-time --limit-bytes --max-log-requests"
)
_OTHER_CLUSTER = "uses another cluster, user or API path than the sandbox's"
_FILES = "reads or writes a file of this machine"
_REFUSED_FLAGS = {
    **dict.fromkeys(
        names(
            "kubeconfig context cluster server token user username password as as-group as-uid "
            "insecure-skip-tls-verify certificate-authority client-certificate client-key tls-server-name raw"
        ),
        _OTHER_CLUSTER,
    ),
    **dict.fromkeys(
        names(
            "filename kustomize from-file from-env-file env-file patch-file output-directory cache-dir profile "
            "profile-output log-file log-dir template overrides image-pull-policy"
        ),
        _FILES,
    ),
}
_REFUSED_VERBS = {
    **dict.fromkeys(names("port-forward proxy"), "opens a port on this machine"),
    **dict.fromkeys(names("cp kustomize plugin completion"), _FILES),
    **dict.fromkeys(names("attach edit debug"), "needs an interactive terminal"),
    **dict.fromkeys(names("apply create replace run"), "creates objects whose content is not checked"),
    **dict.fromkeys(names("certificate convert"), _OTHER_CLUSTER),
}
_VALUE_LETTERS = "nloscvLpk"


def positionals(argv: Sequence[str]) -> list[str]:
    """Return the arguments of kubectl without options and their values, the verb first; stops at `--`."""
    found: list[str] = []
    rest = iter(argv)
    for argument in rest:
        if argument == "--":
            break
        if not argument.startswith("-"):
            found.append(argument)
        elif argument in _VALUE_FLAGS:
            next(rest, None)
    return found


def flags_before_verb(argv: Sequence[str]) -> list[str]:
    """Return the options of kubectl that come before its verb, without their values."""
    found: list[str] = []
    rest = iter(argv)
    for argument in rest:
        if not argument.startswith("-") or argument == "--":
            break
        found.append(argument)
        if argument in _VALUE_FLAGS:
            next(rest, None)
    return found


def inner_command(call: Call) -> tuple[Word, ...]:
    """Return the command that `kubectl exec` runs in the pod: after `--`, or after the pod's name in the old form."""
    argv = call.argv
    if "--" in argv:
        return call.words[argv.index("--") + 1 :]
    names = positionals(argv[1:])
    if len(names) < 3:
        return ()
    return call.words[argv.index(names[2], argv.index(names[1]) + 1) :]


def is_exec(call: Call) -> bool:
    """Whether the call is `kubectl exec`."""
    return call.program == "kubectl" and positionals(call.argv[1:])[:1] == ["exec"]


def name_of(call: Call) -> str:
    """Return the short name of a command for the record: `kubectl logs`, `kubectl rollout status`, `grep`."""
    if call.program != "kubectl":
        return call.program
    verbs = positionals(call.argv[1:])[:2]
    return " ".join(["kubectl", *(verbs if verbs[:1] in (["rollout"], ["set"], ["top"]) else verbs[:1])])


def kubectl_refusals(call: Call) -> Iterator[str]:
    """Yield why this kubectl may not run. The command inside `exec` is checked by the caller."""
    argv = list(call.argv[1:])
    own = argv[: argv.index("--")] if "--" in argv else argv
    verbs = positionals(own)[:2]
    computed = {word.text for word in call.arguments if word.computed}
    for flag in flags_before_verb(own):
        if not re.fullmatch(r"-n.*|--namespace(=.*)?|-A|--all-namespaces", flag):
            yield f"kubectl {flag}: only -n may come before the verb; move the option behind it"
    if verbs and verbs[0] in computed:
        yield f"kubectl: the verb `{verbs[0]}` is only known at run time; write it out"
    if verbs and (why := _REFUSED_VERBS.get(verbs[0])):
        yield f"kubectl {verbs[0]}: {why}"
    if verbs[:1] == ["config"] and verbs[1:] not in (["view"], ["current-context"], ["get-contexts"]):
        yield f"kubectl config {' '.join(verbs[1:])}: {_OTHER_CLUSTER}"
    for flag in own:
        yield from _kubectl_flag(flag, verbs)


def _kubectl_flag(flag: str, verbs: Sequence[str]) -> Iterator[str]:
    if flag.startswith("--"):
        if why := _REFUSED_FLAGS.get(flag[2:].partition("=")[0]):
            yield f"kubectl {flag}: {why}"
    elif re.match("-[a-zA-Z]", flag):
        for letter in flag[1:]:
            if letter == "s":
                yield f"kubectl {flag}: {_OTHER_CLUSTER}"
            if letter == "k" or (letter == "f" and verbs[:1] != ["logs"]):
                yield f"kubectl {flag}: {_FILES}"
            if letter in _VALUE_LETTERS:
                break
    if re.search(r"(jsonpath|custom-columns|go-template|template)-file\b|^templatefile", flag):
        yield f"kubectl {flag}: {_FILES}"
