"""The platform that `gameday lint` compares with: from manifests, or from a cluster that is only read."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness import shipped
from harness.errors import DocumentError, PlatformError
from harness.lint.platform import Platform, of_manifests
from harness.schema.tree import Tree, read

_READ = "deployments,statefulsets,daemonsets,services,horizontalpodautoscalers,configmaps,cronjobs,ingresses"
_LIMIT_S = 30
SHIPPED = ("local", "docker", "kind")
"""The platforms that run the manifests that come with gameday."""


def of_platform(name: str) -> Platform:
    """The platform that a run would start. Raises DocumentError for one that has no manifests of its own."""
    if name not in SHIPPED:
        raise DocumentError(f"--platform {name}: it has no manifests of its own; use --context or --manifests")
    return of_files([shipped.path("deploy/base")])


def of_files(paths: Sequence[Path]) -> Platform:
    """The platform of manifests: files, and the YAML files in folders. Raises GamedayError for no YAML."""
    return of_manifests(tree for path in paths for file in _yaml(path) for tree in _trees(file))


def _yaml(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise DocumentError(f"{path}: there are no manifests. Name YAML files, or folders with some.")
    yield from sorted(each for each in path.rglob("*") if each.suffix in (".yaml", ".yml")) if path.is_dir() else [path]


def _trees(path: Path) -> list[Tree]:
    try:
        return read(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: cannot be read: {error}") from error


def of_context(context: str) -> Platform:
    """The objects of a cluster, by `kubectl get`: names, ports and variables, no Secret. Raises PlatformError."""
    command = ["kubectl", "--context", context, "get", _READ, "--all-namespaces", "--output", "json"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlatformError(f"--context {context}: kubectl cannot be run: {error}") from error
    if done.returncode:
        raise PlatformError(f"--context {context}: {done.stderr.strip() or 'kubectl failed'}")
    return of_manifests(read(done.stdout, f"context {context}"))
