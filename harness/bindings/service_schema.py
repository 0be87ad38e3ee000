"""The shape of `services` in a bindings file: the user's own services."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.machine import quantities
from harness.schema.shape import (
    Check,
    Report,
    Shape,
    described,
    dictionary,
    filled,
    join,
    mapping,
    scalar,
    sequence,
    shaped,
    text,
    unchanged,
)
from harness.schema.tree import Tree

MOST_SERVICES, MOST_REPLICAS, MOST_PODS = 30, 20, 100
"""A platform has 30 addresses for Services and 210 for pods, of which a rollout needs twice as many for a while."""
LEAST_VOLUME_BYTES, MOST_VOLUME_BYTES = 2**20, 2**30
"""A volume is in memory."""
SET_BY_PLATFORM = ("POD_IP", "POD_NAME", "PORT", "NAMESPACE", "DEPLOYMENT", "GAMEDAY_DIR", "POD_VOLUME")
"""Variables that the platform sets in every pod."""
NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
"""The name of a Service in Kubernetes (RFC 1035)."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROGRAM = re.compile(r"\w[\w.+-]*")
_VOLUME = re.compile(r"[1-9][0-9]*(?:Ki|Mi|Gi)")
_HEALTH, _METRICS = re.compile(r"tcp|/[!-~]*"), re.compile(r"/[!-~]*")


def _between(low: int, high: int) -> Shape:
    """A whole number from `low` to `high`."""

    def check(tree: Tree, path: str, report: Report) -> None:
        value = tree.value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            report(tree, path, f"expected a whole number from {low} to {high}, got `{tree.written}`")

    return unchanged(Shape(check, {"type": "integer", "minimum": low, "maximum": high}))


def check_names(tree: Tree, path: str, report: Report) -> None:
    """Report names that no Service can have, and more services than a platform has addresses for."""
    for name, service in tree.entries.items():
        if not NAME.fullmatch(name):
            fact = f"`{name}` is no name of a Service; use at most 63 of a-z, 0-9 and `-`, beginning with a letter"
            report(service, join(path, name), fact)
        elif name == "load":
            report(service, join(path, name), "`load` is the load itself, as in `at: load`; choose another name")
    if len(tree.entries) > MOST_SERVICES:
        report(tree, path, f"{len(tree.entries)} services; a platform has addresses for {MOST_SERVICES}")


@shaped({**dictionary(scalar).schema, "propertyNames": {"pattern": f"^{_VARIABLE.pattern}$"}})
def _env(tree: Tree, path: str, report: Report) -> None:
    dictionary(scalar)(tree, path, report)
    for name, value in tree.entries.items():
        if not _VARIABLE.fullmatch(name):
            fact = f"`{name}` is no name of a variable; use letters, digits and `_`, not beginning with a digit"
            report(value, join(path, name), fact)
        elif name in SET_BY_PLATFORM:
            report(value, join(path, name), "is set by the platform in every pod; remove it")


@shaped({"type": "string", "pattern": f"^{_VOLUME.pattern}$"})
def _volume(tree: Tree, path: str, report: Report) -> None:
    """A size in memory, as Kubernetes writes it."""
    size = quantities.parse(tree.value) if isinstance(tree.value, str) and _VOLUME.fullmatch(tree.value) else None
    if size is None:
        report(tree, path, f"`{tree.written}` is no size of a volume; write one such as 64Mi or 1Gi")
    elif not LEAST_VOLUME_BYTES <= size <= MOST_VOLUME_BYTES:
        report(tree, path, f"a volume has from 1Mi to 1Gi, as it is in memory, not `{tree.written}`")


ADDITIONS: Mapping[str, Check] = {
    "port": _between(1, 65535),
    "programs": sequence(text(pattern=_PROGRAM, about="the name of a program, without a folder")),
    "metrics": text(pattern=_METRICS, about="a path that begins with `/`"),
}
"""What gameday needs to know of a service, however it is started."""
_service = mapping(
    {"run": described("the command, for `bash -c`", text())},
    {
        "port": ADDITIONS["port"],
        "folder": text(),
        "replicas": _between(1, MOST_REPLICAS),
        "programs": ADDITIONS["programs"],
        "env": _env,
        "health": text(pattern=_HEALTH, about="`tcp` or a path that begins with `/`"),
        "metrics": ADDITIONS["metrics"],
        "needs": sequence(scalar),
        "volume": _volume,
    },
)


def _pods(tree: Tree, path: str, report: Report) -> None:
    replicas = sum(int(each.number("replicas") or 1) for each in tree.entries.values())
    if replicas > MOST_PODS:
        report(tree, path, f"{replicas} replicas in all; a platform has addresses for {MOST_PODS}")


@shaped({**dictionary(_service).schema, "minProperties": 1, "propertyNames": {"pattern": f"^{NAME.pattern}$"}})
def check_services(tree: Tree, path: str, report: Report) -> None:
    """Report every deviation of `services` from its shape."""
    dictionary(_service)(tree, path, report)
    filled(tree, path, report)
    check_names(tree, path, report)
    _pods(tree, path, report)
