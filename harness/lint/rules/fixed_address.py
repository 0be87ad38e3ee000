"""RB406: an address of a machine as a number."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.names import names
from harness.lint.patterns import lazy

_ADDRESS = lazy(r"(?<![\w.-])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.]|/\d|-\d)")
_PROGRAMS = names(
    """
    ssh scp curl wget psql mysql redis-cli ping telnet nc rsync sftp mongo mongosh nslookup dig
    """
)
_WELL_KNOWN = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9", "169.254.169.254"))


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program not in _PROGRAMS:
            continue
        for word in command.words[1:]:
            found = _ADDRESS.search(word.text)
            if found and _is_machine(found[1]):
                yield Hit(
                    word.place,
                    f"`{found[1]}` is fixed in the command; name the machine, or find its address by a command",
                )
                break


def _is_machine(text: str) -> bool:
    import ipaddress  # noqa: PLC0415  rarely needed

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    documentation = any(
        address in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    )
    return not (address.is_loopback or address.is_unspecified or documentation or text in _WELL_KNOWN)


RULE = Rule(
    code="RB406",
    name="fixed-address",
    severity=Severity.NOTE,
    summary="A command has the address of a machine.",
    why="Machines and pods get other addresses, and the command then reaches nothing or a stranger. Use a name, or a "
    "command that finds "
    "the address.",
    fires="```bash\nssh 10.2.3.4 uptime\n```\n",
    silent="```bash\nssh db-1.shop.test uptime\n```\n",
    check=_check,
)
