"""The shape of the key `compose` in a bindings file."""

from __future__ import annotations

from harness.bindings.service_schema import ADDITIONS
from harness.schema.shape import Report, Shape, described, dictionary, mapping, schema_of, text
from harness.schema.tree import Tree

NO_PORT = "none"
"""The `port` of a service that listens on none, although its image names one."""


def _check_port(tree: Tree, path: str, report: Report) -> None:
    if tree.value != NO_PORT:
        ADDITIONS["port"](tree, path, report)


_port = Shape(_check_port, {"anyOf": [schema_of(ADDITIONS["port"]), {"const": NO_PORT}]})
_file = described("the compose file, relative to this file", text())
_whole = mapping(
    {"file": _file},
    {
        "services": described(
            "what the compose file does not say", dictionary(mapping({}, {**ADDITIONS, "port": _port}))
        )
    },
)


def _check(tree: Tree, path: str, report: Report) -> None:
    (_file if tree.is_scalar else _whole)(tree, path, report)


check_compose = Shape(_check, {"anyOf": [schema_of(_file), schema_of(_whole)]})
"""Reports every deviation of `compose` from its shape: a file name, or a mapping with it."""
