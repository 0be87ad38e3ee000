"""Facts about commands and documents that several rules ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.lint import kubectl
from harness.lint.base import Hit
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy
from harness.runbook.promql import is_expression

_GUARD = lazy(
    r"\b(?:warn(?:ing)?|caution|danger(?:ous)?|careful(?:ly)?|beware|irreversibl[ey]|destructive|data[ -]?loss|lose "
    r"(?:any|all|the )?data"
    r"|make sure|be sure|ensure|confirm|double[- ]check|back ?up|backed up|snapshot|last resort|only (?:if|when|do"
    r"|run|after)"
    r"|do not|don't|never|permanent(?:ly)?|cannot be undone|approval|approved|downtime|disrupt\w*|outage|verify "
    r"(?:that|the|it)"
    r"|safe(?:ly)? to|is safe|important|attention|note that|at your own risk|unless|with care|first check|check "
    r"(?:that|first|if|whether)"
    r"|will (?:delete|remove|destroy|drop|erase|lose|wipe|restart|interrupt|cause)|re-?creat\w*|no longer (?:needed"
    r"|used|required)"
    r"|unused|stale|orphan\w*|obsolete)\b|[⚠🚨❗]|\[!(?:WARNING|CAUTION|IMPORTANT)\]",
    re.I,
)
"""Words near a command that warn of it, state when it may run, or say why it loses nothing."""


def at(command: Command, message: str) -> Hit:
    """A hit at a command."""
    return Hit(command.place, message)


def shown(text: str, width: int = 60) -> str:
    """A text in backticks, on one line and not too long."""
    line = " ".join(text.replace("`", "'").split())
    return f"`{line if len(line) <= width else line[: width - 1] + '…'}`"


def near(document: Document, line: int, above: int = 8, below: int = 3) -> str:
    """The prose and the comments of code around a line, within its section."""
    heading = document.heading_above(line)
    first = max(line - above, heading.line if heading else 1, 1)
    taken = []
    for number in range(first, min(line + below, len(document.lines)) + 1):
        text, kind = document.lines[number - 1], document.kinds[number - 1]
        if kind == "c":
            text = text[text.find("#") :] if "#" in text else ""
        taken.append(text[: 4 * _NEAR])
    return "\n".join(taken)


_ASKS = lazy(
    r"\b(?:run|execute|use|using|with|via|by|issue|type|try|do|enter|invoke|apply|delete|remove|restart|kill|stop"
    r"|start|scale|drain|clean"
    r"|reboot|force|drop|purge|flush|reset|check|show|get|list|see|look|view|perform|call|then|and|or|follow|inspect"
    r"|fetch|edit)\b"
    r"[^.;]{0,80}$|[:>|]\s*$|^\s*(?:[-*+]|\d+[.)])?\s*(?:\[[ x]\]\s*)?$|→\s*$",
    re.I,
)
_REFUSES = lazy(r"\b(?:no|not|never|don't|avoid|instead of|without|rather than|stop using|than)\s*$", re.I)
_DESCRIBES = lazy(
    r"^\s*(?:is|was|are|were|removes?|deletes?|will|does|did|do not|don't|doesn't|has|had|can|cannot|would|triggers?"
    r"|triggering|fails?|returns?"
    r"|on the|command (?:is|was|will)|hangs?|may|might|must not|shows?)\b",
    re.I,
)


_NEAR = 160
"""The most characters that are read beside inline code: a long line may have thousands of commands."""


def is_asked(document: Document, command: Command) -> bool:
    """Whether the document asks for a command: that of a block always, inline code where its sentence does."""
    if command.source.block is not None:
        return True
    line = document.lines[command.place.line - 1]
    column = command.source.columns[0] - 1
    end = column + len(command.source.lines[0])
    before, after = line[max(0, column - _NEAR) : column].rstrip("`"), line[end : end + _NEAR].lstrip("`")
    return bool(_ASKS.search(before)) and not _REFUSES.search(before) and not _DESCRIBES.match(after)


@lru_cache(maxsize=1)
def asked(document: Document) -> tuple[Command, ...]:
    """The commands that the document asks for."""
    return tuple(command for command in document.commands if is_asked(document, command))


_WARNS_BELOW = lazy(
    r"\b(?:warning|caution|danger\w*|beware|irreversibl[ey]|destructive|data[ -]?loss|cannot be undone|downtime"
    r"|will (?:delete|remove|destroy|drop|erase|lose|wipe|restart|interrupt|cause|detect|re-?create)"
    r"|(?:only|unless) (?:if|when|you)|approval)\b|[⚠🚨❗]|\[!(?:WARNING|CAUTION|IMPORTANT)\]",
    re.I,
)
_CONDITION = lazy(
    r"^\s*#.*(?:\((?:if|when|only|once|after)\b|\b(?:if|when|once) [a-z]+ (?:\w+ )?(?:is|are|has|have)\b)",
    re.I,
)
"""A comment of code that says when the command below it runs: `# Purge (if the messages are lost anyway)`."""


def has_guard(document: Document, command: Command) -> bool:
    """Whether a command runs under a condition, words above it warn of it or say when, or words below warn of it."""
    line = command.place.line
    if command.conditional or _GUARD.search(near(document, line, below=0)):
        return True
    above = document.lines[line - 2] if line > 1 else ""
    return bool(_CONDITION.match(above)) or bool(_WARNS_BELOW.search(near(document, line, above=0)))


@lru_cache(maxsize=4096)
def is_dry(command: Command) -> bool:
    """Whether a command only shows what it would do, or its help."""
    return any(word.startswith(_DRY) for word in command.argv[1:]) or command.argv[-1] == "-h"


_DRY = ("--dry-run", "--check", "--help", "--diff", "--what-if")


_CHANGES = {
    "systemctl": ("restart", "stop", "start", "disable", "enable", "reload", "kill", "mask"),
    "helm": ("upgrade", "rollback", "install", "uninstall", "delete"),
    "docker": ("restart", "stop", "kill", "rm", "start", "up", "down"),
    "docker-compose": ("restart", "stop", "up", "down", "rm"),
    "podman": ("restart", "stop", "kill", "rm"),
    "terraform": ("apply", "destroy", "import", "taint"),
    "argocd": ("sync", "rollback"),
    "gitlab-ctl": ("restart", "reconfigure", "stop", "hup"),
    "ceph": ("restart", "out", "purge", "destroy", "reweight", "set", "rm", "delete"),
    "patronictl": ("failover", "switchover", "restart", "reinit", "reload"),
    "nodetool": ("repair", "drain", "decommission", "removenode", "cleanup"),
    "redis-cli": ("shutdown", "flushall", "flushdb", "failover", "del", "set", "reset"),
    "etcdctl": ("put", "del", "add", "remove", "promote", "move-leader", "restore", "defrag", "disarm"),
    "ufw": ("allow", "deny", "delete", "enable", "disable", "reset"),
    "openstack": ("delete", "remove", "set", "unset", "add", "migrate", "stop", "reboot"),
    "velero": ("restore",),
    "vault": ("write", "delete", "seal", "revoke"),
    "rabbitmqctl": ("purge_queue", "delete_queue", "stop_app", "reset", "force_reset", "restart_app"),
}  # fmt: skip
_ALWAYS = ("reboot", "shutdown", "poweroff", "kill", "pkill", "killall", "ansible-playbook")
_SQL_CHANGE = lazy(
    r"^\s*(?:UPDATE|DELETE\s+FROM|DROP|TRUNCATE|ALTER|INSERT|VACUUM|REINDEX|CREATE|GRANT|REVOKE"
    r"|SET\s+(?:CLUSTER|GLOBAL|PERSIST))\b"
    r"|pg_(?:terminate|cancel)_backend|\bKILL\s+(?:QUERY\s+)?\d",
    re.I,
)


@lru_cache(maxsize=4096)
def is_change(command: Command) -> bool:
    """Whether a command changes a running system."""
    if is_dry(command):
        return False
    call = kubectl.read(command)
    return call.is_change if call is not None else _changes(command)


def _changes(command: Command) -> bool:
    program = command.program
    if program in _ALWAYS:
        return not only_signals(command)
    if program == "curl":
        return writes(command)
    if program in ("psql", "mysql", "gitlab-psql", "cqlsh", "clickhouse-client", "cockroach"):
        return any(_SQL_CHANGE.search(word) for word in command.argv[1:])
    if program == "aws" and len(command.argv) > 2:
        return bool(_AWS_CHANGE.match(command.argv[2]))
    verbs = _CHANGES["systemctl" if program == "service" else program] if program in (*_CHANGES, "service") else ()
    return any(word.lower() in verbs for word in command.argv[1 : _VERB_AT.get(program, 4)])


_VERB_AT = {"openstack": 6, "etcdctl": 7, "redis-cli": 9}
"""How many words of a command line the verb may be among; 4 for all others."""
_METHOD = lazy(r"-X(?:POST|PUT|PATCH|DELETE)|(?:--request=)?(?:POST|PUT|PATCH|DELETE)")
_ASKS_BY_POST = lazy(
    r"_search|_count|_msearch|_validate|/quer(?:y|ies)|/graphql|/token|/login|/exec\b|/introspect", re.I
)


def writes(command: Command) -> bool:
    """Whether a call of curl changes something: by its method, and not where an API takes questions by POST."""
    asks = any(_ASKS_BY_POST.search(word) for word in command.argv[1:])
    return command.program == "curl" and not asks and any(_METHOD.fullmatch(word) for word in command.argv[1:])


_AWS_CHANGE = lazy(r"(?:delete|terminate|reboot|stop|start|modify|update|put|failover|rm|rb|set|restore)\b")
_SIGNALS = lazy(r"-(?:SIG)?(?:USR[12]|HUP|QUIT|CONT|WINCH|TTIN|TTOU|0|1|3|l|L)$")


def only_signals(command: Command) -> bool:
    """Whether a kill asks the process for something and does not end it."""
    return any(_SIGNALS.fullmatch(word) for word in command.argv[1:])


@lru_cache(maxsize=1)
def changes(document: Document) -> tuple[Command, ...]:
    """The commands that change a running system."""
    return tuple(command for command in asked(document) if is_change(command))


def reads_as_english(document: Document) -> bool:
    """Whether the rules that look for words can know them: a text in another script has many signs of several bytes."""
    return len(document.text.encode(errors="replace")) < 1.1 * len(document.text) + 20


_INCIDENT = lazy(
    r"\b(?:alert(?:s|ing)?|incidents?|symptoms?|runbooks?|playbook|outage|on-?call|paged?|firing|mitigat\w+"
    r"|diagnos\w+|troubleshoot\w*)\b",
    re.I,
)
_INCIDENT_HEADING = lazy(
    r"^(?:\W|\d)*(?:symptoms?|meaning|impact|diagnos(?:is|tics?)|mitigations?|immediate actions?|remediation"
    r"|resolution|triage|investigation"
    r"|alert (?:details|description|summary)|root cause|escalation|possible causes?|recovery|how to (?:fix|resolve))\b",
    re.I,
)


@lru_cache(maxsize=1)
def is_incident_document(document: Document) -> bool:
    """Whether a document is for an incident: its headings are those of a runbook, or its title names one."""
    if not reads_as_english(document):
        return False
    if sum(bool(_INCIDENT_HEADING.match(heading.text)) for heading in document.headings) >= 2:
        return True
    title = document.headings[0].text if document.headings else ""
    return bool(re.search(r"\brunbook|playbook|incident response\b", title, re.I))


def section_end(document: Document, line: int) -> int:
    """The last line of the section with a line: up to the next heading of the same level or above."""
    heading = document.heading_above(line)
    for section in document.sections:
        if section.heading is heading:
            return section.last
    return len(document.lines)


def whole_line(document: Document, line: int) -> Place:
    """The place of a line without its indentation."""
    text = document.lines[line - 1]
    return Place(line, len(text) - len(text.lstrip()) + 1, len(text) + 1)


def goes_on(document: Document, line: int) -> bool:
    """Whether more text, code or nested items belong to the list item in a line."""
    rest = document.lines[line : line + 3]
    first = next((text for text in rest if text.strip()), "")
    own = document.lines[line - 1]
    indent = len(own) - len(own.lstrip())
    if first and len(first) - len(first.lstrip()) > indent:
        return True
    return bool(first) and (first[:1] in "`~" or not re.match(r"\s*(?:[-*+]|\d+[.)]|#|\*\*|---|\|)", first))


def queries(document: Document) -> Iterator[tuple[Place, str]]:
    """The queries of PromQL in a document, by line or inline code."""
    for block in document.blocks:
        if block.lang in ("promql", "prometheus"):
            for row, line in enumerate(block.lines):
                yield whole_line(document, block.first + row), line.split("#")[0]
    for span in document.spans:
        if "_" in span.text and " " not in span.text.split("(")[0] and is_expression(span.text) and "(" in span.text:
            yield span.place, span.text
