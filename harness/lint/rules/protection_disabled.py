"""RB511: a protection is turned off, with no word about turning it on again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import asked, at, has_guard, shown
from harness.lint.patterns import lazy

_ON_AGAIN = lazy(
    r"\bre-?enabl\w*|\bturn(?:ed)? (?:it |them )?(?:back )?on\b|\bsetenforce 1|\brestor\w+|\brevert\w*|\bput (?:it"
    r"|them) back|\bafterwards\b",
    re.I,
)


_REMOVED = lazy(r"\"op\"\s*:\s*\"remove\"[^}]*/(livenessProbe|readinessProbe|startupProbe|limits|securityContext)")
"""What a JSON patch removes from a container."""


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        what = _disables(command)
        if what and not _ON_AGAIN.search(_around(document, command)) and not has_guard(document, command):
            yield at(command, f"{shown(command.text)} turns {what} off, and nothing says when it is turned on again")


def _around(document: Document, command: Command) -> str:
    """The lines near a command, in which it would be turned on again."""
    line = command.place.line
    return "\n".join(document.lines[max(0, line - 4) : line + 20])


def _disables(command: Command) -> str:
    argv = command.argv
    call = kubectl.read(command)
    if call is not None:
        probe = _REMOVED.search(call.command.text) if call.verb == "patch" else None
        if probe:
            return f"the {probe[1]}"
        webhook = call.verb == "delete" and "webhookconfiguration" in call.kind
        budget = call.verb == "delete" and call.kind in ("poddisruptionbudget", "networkpolicy", "resourcequota")
        return "an admission check" if webhook else f"a {call.kind}" if budget else ""
    rules: dict[str, tuple[tuple[str, ...], str]] = {
        "setenforce": (("0", "Permissive"), "SELinux"),
        "ufw": (("disable",), "the firewall"),
        "iptables": (("-F", "--flush"), "the firewall"),
        "swapoff": (("-a",), "swap"),
    }
    words, what = rules.get(command.program, ((), ""))
    if words and any(word in words for word in argv[1:]):
        return what
    service = command.program == "systemctl" and argv[1:2] in (("stop",), ("disable",), ("mask",))
    return (
        "a protection"
        if service and any(re.match(r"(?:firewalld|apparmor|fail2ban|auditd|chronyd|ntpd)", word) for word in argv[2:])
        else ""
    )


RULE = Rule(
    code="RB511",
    name="protection-disabled",
    severity=Severity.WARNING,
    summary="A protection is turned off, and nothing says when it is turned on again.",
    why="It stays off after the incident. Narrow the rule that is in the way instead, or write the command that turns "
    "it on again.",
    fires="```bash\nsetenforce 0\n```\n",
    silent="```bash\nsetenforce 0\n```\n\nRe-enable it afterwards: `setenforce 1`.\n",
    check=_check,
)
