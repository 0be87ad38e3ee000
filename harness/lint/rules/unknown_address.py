"""RB904: an address of a Service or a port that the platform does not have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.nearest import nearest
from harness.lint.patterns import lazy
from harness.lint.platform import Platform

_URL = lazy(r"^(?:https?://)?(?P<host>[a-z0-9][a-z0-9-]*)(?:\.[a-z0-9-]+(?:\.svc[\w.]*)?)?:(?P<port>\d+)(?:/|$)")
_LOCAL = ("localhost", "127")


def _check(document: Document) -> Iterator[Hit]:
    platform = document.outside.platform
    for command in document.commands if platform else ():
        for word in command.words[1:] if command.program in ("curl", "wget") else ():
            found = _URL.match(word.text)
            fact = _fact(found["host"], found["port"], bool(command.inside), platform) if found and platform else ""
            if fact:
                yield Hit(word.place, fact)


def _fact(host: str, port: str, inside: bool, platform: Platform) -> str:
    if host in _LOCAL:
        known = platform.container_ports
        return f"no container of the platform listens on port {port}" if inside and known and port not in known else ""
    if host not in platform.ports:
        return f"there is no Service `{host}` on the platform{nearest(host, platform.ports)}"
    ports = ", ".join(sorted(each for each in platform.ports[host] if each.isdecimal()))
    return "" if port in platform.ports[host] else f"the Service `{host}` has no port {port}; it has {ports}"


RULE = Rule(
    code="RB904",
    name="unknown-address",
    severity=Severity.WARNING,
    summary="An address names a Service or a port that the platform does not have (with `--platform`, `--manifests` "
    "or `--context`).",
    why="The health check fails in every incident, whatever the state of the service. Correct the name or the port.",
    fires="```bash\ncurl --fail http://api-gateway:9090/health\n```\n",
    silent="```bash\ncurl --fail http://api-gateway:8080/health\n```\n",
    check=_check,
    on_platform=True,
)
