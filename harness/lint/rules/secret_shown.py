"""RB506: a command that prints a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command, Pipeline
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_SECRET_VARIABLE = lazy(
    r"^[^(]*\$\{?\w*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)\w*(?:\}|\W|$)", re.I
)
_SECRET_FILE = lazy(r"(?:\.pem|\.key|id_rsa|/token|/secrets?/|password|credentials)$|/var/run/secrets/", re.I)
_PUBLIC_FILE = lazy(r"\.pub\b|(?:cert|ca|chain)[\w.-]*\.pem$")


def _check(document: Document) -> Iterator[Hit]:
    outer: dict[int, Pipeline] = {}
    for pipeline in document.pipelines:
        outer.setdefault(pipeline.first.statement, pipeline)
        for command in pipeline.commands:
            yield from _hits(command, pipeline)
    for command in document.commands:
        if command.inside and command.statement in outer:
            yield from _hits(command, outer[command.statement])


def _hits(command: Command, pipeline: Pipeline) -> Iterator[Hit]:
    hidden = command.nested or any(">" in each.operator for each in command.redirects) or _is_taken(pipeline)
    what = "" if hidden else _shows(command, pipeline)
    if what:
        yield at(command, f"{shown(command.text)} prints {what} on the screen and into the history of the terminal")


def _shows(command: Command, pipeline: Pipeline) -> str:
    call = kubectl.read(command)
    if call is not None:
        return _kubectl(call, pipeline)
    arguments, alone = command.argv[1:], len(pipeline.commands) == 1
    if command.inside and command.program in ("env", "printenv") and not arguments:
        return "all variables of the pod, passwords included," if _shows_secrets(pipeline) else ""
    if command.program in ("echo", "printf") and not command.inside and alone:
        return "a secret" if any(_SECRET_VARIABLE.search(word) for word in arguments) else ""
    if command.program == "cat" and alone and not _PUBLIC_FILE.search(command.text):
        return "a secret" if any(_SECRET_FILE.search(word) for word in arguments) else ""
    return ""


_MAY_BE_SECRET = lazy(r"DB|API|KEY|PASS|SECRET|TOKEN|DATABASE|AWS|REDIS|POSTGRES|MYSQL|CRED|AUTH", re.I)


def _shows_secrets(pipeline: Pipeline) -> bool:
    """Whether no filter behind it keeps secrets out."""
    filters = [each for each in pipeline.commands if each.program in ("grep", "egrep")]
    return not filters or any(each.has("-v") or _MAY_BE_SECRET.search(each.text) for each in filters)


def _is_taken(pipeline: Pipeline) -> bool:
    """Whether what is read goes into a program that does not show it."""
    last = pipeline.commands[-1]
    return (
        last.program
        in ("openssl", "kubectl", "oc", "pbcopy", "xclip", "sha256sum", "wc", "docker", "gpg", "keytool", "diff")
        and len(pipeline.commands) > 1
    )


def _kubectl(call: kubectl.Kubectl, pipeline: Pipeline) -> str:
    if call.verb != "get" or call.kind != "secret":
        return ""
    output = call.options.get("--output", "")
    if (
        not output.startswith(("yaml", "json", "jsonpath", "go-template", "template"))
        and "--template" not in call.options
    ):
        return ""
    if re.search(r"tls\\?\.crt|ca\\?\.crt|\.metadata|certificate", call.command.text):
        return ""
    decoded = any(each.program == "base64" for each in pipeline.commands) or "base64decode" in call.command.text
    return "the decoded secret" if decoded else "the secret"


RULE = Rule(
    code="RB506",
    name="secret-shown",
    severity=Severity.WARNING,
    summary="A command prints a secret.",
    why="It ends up in the history of the terminal, the recording of the call and the chat of the incident. Pass it "
    "on without showing "
    "it, or check only that it exists (`kubectl describe secret` shows sizes).",
    fires="```bash\nkubectl get secret db -n shop -o jsonpath='{.data.password}' | base64 -d\n```\n",
    silent="```bash\nkubectl describe secret db -n shop\n```\n",
    check=_check,
)
