"""RB506: a command that prints a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command, Pipeline
from harness.lint.document import Document
from harness.lint.facts import at, shown

_SECRET_NAME = re.compile(
    r"(?:^|[_\W])(?:password|passwd|secret|token|api_?key|private_?key|credentials?)(?:$|[_\W])", re.I
)
_SECRET_FILE = re.compile(r"(?:\.pem|\.key|id_rsa|/token|/secrets?/|password|credentials)$|/var/run/secrets/", re.I)


def _check(document: Document) -> Iterator[Hit]:
    by_statement = {pipeline.first.statement: pipeline for pipeline in document.pipelines}
    for command in document.commands:
        pipeline = by_statement.get(command.statement)
        if pipeline is not None and (command.inside or command in pipeline.commands):
            what = _shows(command, pipeline)
            if what:
                yield at(
                    command, f"{shown(command.text)} prints {what} on the screen and into the history of the terminal"
                )


def _shows(command: Command, pipeline: Pipeline) -> str:
    if command.nested or any(">" in each.operator for each in command.redirects) or _is_taken(pipeline):
        return ""
    call = kubectl.read(command)
    if call is not None:
        return _kubectl(call, pipeline)
    if command.inside and command.program in ("env", "printenv") and len(command.words) == 1:
        return "all variables of the pod, passwords included," if _shows_secrets(pipeline) else ""
    if command.program in ("echo", "printf", "printenv") and not command.inside:
        return (
            "a secret"
            if any(_SECRET_NAME.search(word) and "$" in word for word in command.argv[1:])
            and len(pipeline.commands) == 1
            else ""
        )
    if (
        command.program == "cat"
        and any(_SECRET_FILE.search(word) for word in command.argv[1:])
        and ".pub" not in command.text
    ):
        return (
            "a secret"
            if len(pipeline.commands) == 1 and not re.search(r"(?:cert|ca|chain)[\w.-]*\.pem$", command.text)
            else ""
        )
    return ""


_MAY_BE_SECRET = re.compile(r"DB|API|KEY|PASS|SECRET|TOKEN|DATABASE|AWS|REDIS|POSTGRES|MYSQL|CRED|AUTH", re.I)


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
