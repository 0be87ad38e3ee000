"""The shape of `manifests` in a bindings file."""

from __future__ import annotations

import re

from harness.schema.shape import (
    Report,
    described,
    dictionary,
    mapping,
    schema_of,
    sequence,
    shaped,
    text,
)
from harness.schema.tree import Tree

_PROGRAM = re.compile(r"\w[\w.+-]*")
_METRICS = re.compile(r"(?::[1-9][0-9]{0,4})?/[!-~]*")
_path = described("a kustomize folder, a folder of manifests, or a file such as the output of `helm template`", text())
_mapping = mapping(
    {"path": _path},
    {
        "metrics": described(
            "the path of a Deployment's Prometheus text, if its pods have no prometheus.io annotations",
            dictionary(text(pattern=_METRICS, about="a path such as `/metrics`, or with a port `:9102/metrics`")),
        ),
        "programs": described(
            "what `kubectl exec` may run in the pods",
            sequence(text(pattern=_PROGRAM, about="the name of a program, without a folder")),
        ),
    },
)


@shaped({"anyOf": [schema_of(_path), schema_of(_mapping)]})
def check_manifests(tree: Tree, path: str, report: Report) -> None:
    """Report every deviation of `manifests` from its shape: a path, or a mapping."""
    (_mapping if tree.entries else _path)(tree, path, report)
