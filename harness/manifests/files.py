"""Reads manifests from a kustomize folder, a folder or a file; each object knows its place."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from harness.machine.objects import Json, Obj, section, text
from harness.manifests.model import Declared
from harness.schema.tree import Tree, UnreadableError, read

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml", ".json")
_ORIGIN = "config.kubernetes.io/origin"
"""The annotation in which kustomize names the file of an object."""
_RENDER_S = 60.0


class FilesError(Exception):
    """The files cannot be read; one message a line, each begins with the file."""


def objects_of(source: Path) -> list[Declared]:
    """Every object of a kustomize folder, a folder (not those below it) or a file; a List stands for its items.

    Raises FilesError.
    """
    if not source.exists():
        raise FilesError(f"{source}: there is no such file or folder")
    if not source.is_dir():
        return _of_files([source])
    kustomization = next((source / name for name in _KUSTOMIZATIONS if (source / name).is_file()), None)
    if kustomization:
        return _kustomized(kustomization)
    return _of_files(sorted(file for file in source.iterdir() if file.suffix in _SUFFIXES))


def _of_files(files: list[Path]) -> list[Declared]:
    problems, found = list[str](), list[Declared]()
    for file in files:
        try:
            found += (_declared(each) for tree in _trees(file) for each in _unwrapped(tree))
        except FilesError as error:
            problems.append(str(error))
    if problems:
        raise FilesError("\n".join(problems))
    return found


def _trees(file: Path) -> list[Tree]:
    """The YAML documents of a file."""
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FilesError(f"{file}: cannot be read: {error}") from None
    try:
        return read(content, str(file))
    except UnreadableError as error:
        hint = "; if it is a Helm template, name the output of `helm template`" if "{{" in content else ""
        raise FilesError(f"{error}{hint}") from None


def _unwrapped(tree: Tree) -> Iterator[Tree]:
    items = tree.at("items")
    if (tree.text("kind") or "").endswith("List") and items:
        yield from (each for item in items.items for each in _unwrapped(item))
    else:
        yield tree


def _declared(tree: Tree, source: Tree | None = None) -> Declared:
    body = _plain(tree)
    return Declared(_without_origin(body) if isinstance(body, dict) else {}, source or tree)


def _plain(tree: Tree) -> Json:
    """The value as kubectl reads it: in its YAML, `y` and `n` are texts."""
    if isinstance(tree.value, bool) and tree.written in ("y", "Y", "n", "N"):
        return tree.written
    if isinstance(tree.value, Mapping):
        return {key: _plain(item) for key, item in tree.value.items()}
    return [_plain(item) for item in tree.value] if isinstance(tree.value, tuple) else tree.value


def _without_origin(body: Obj) -> Obj:
    notes = section(body, "metadata", "annotations")
    if _ORIGIN not in notes:
        return body
    kept = {key: value for key, value in notes.items() if key != _ORIGIN}
    meta = {key: value for key, value in section(body, "metadata").items() if key != "annotations"}
    return {**body, "metadata": {**meta, "annotations": kept} if kept else meta}


def _kustomized(kustomization: Path) -> list[Declared]:
    """The objects of a kustomization; the place of each is in the file that kustomize names as its origin."""
    with tempfile.TemporaryDirectory(prefix="gameday-kustomize-") as made:
        overlay = Path(made).resolve()
        below = os.path.relpath(kustomization.parent.resolve(), overlay)
        whole = {"resources": [below], "buildMetadata": ["originAnnotations"]}
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
        rendered = _rendered(overlay, kustomization)
        origins = _Origins(overlay, kustomization)
        return [_declared(tree, origins.of(tree)) for tree in rendered]


def _rendered(overlay: Path, kustomization: Path) -> list[Tree]:
    if shutil.which("kubectl") is None:
        fix = "install it (https://kubernetes.io/docs/tasks/tools/), or name the output of `kustomize build`"
        raise FilesError(f"{kustomization}: kubectl, which renders it, is not on PATH; {fix}")
    argv = ["kubectl", "kustomize", str(overlay)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_RENDER_S)
    except subprocess.TimeoutExpired:
        raise FilesError(f"{kustomization}: kubectl kustomize did not end within {_RENDER_S:g} s") from None
    if done.returncode:
        why = " ".join(done.stderr.split()).removeprefix("error: ")
        raise FilesError(f"{kustomization}: kubectl kustomize: {why}")
    try:
        return read(done.stdout, f"{kustomization} (rendered)")
    except UnreadableError as error:
        raise FilesError(str(error)) from None


class _Origins:
    """Finds the document of a file from which kustomize made an object."""

    def __init__(self, overlay: Path, kustomization: Path) -> None:
        self._overlay, self._kustomization = overlay, kustomization
        self._files: dict[Path, list[Tree]] = {}

    def of(self, rendered: Tree) -> Tree:
        """The document, else the first value of the file, else of the kustomization: a generator has no file."""
        note = rendered.text("metadata", "annotations", _ORIGIN) or ""
        origin = yaml.safe_load(note) or {}
        named = text(origin, "path") if "repo" not in origin else ""
        file = self._overlay / (named or text(origin, "configuredIn")) if origin else self._kustomization
        documents = self._documents(file if file.is_file() else self._kustomization)
        kind, name = rendered.text("kind"), rendered.text("metadata", "name") or ""
        alike = [each for each in documents if each.text("kind") == kind]
        fitting = [each for each in alike if (own := each.text("metadata", "name")) and own in name]
        return next(iter([*sorted(fitting, key=_length_of_name, reverse=True), *alike, *documents]), rendered)

    def _documents(self, file: Path) -> list[Tree]:
        path = file.resolve()
        if path not in self._files:
            try:
                shown = Path(os.path.relpath(path)) if not self._kustomization.is_absolute() else path
                self._files[path] = [each for tree in _trees(shown) for each in _unwrapped(tree)]
            except FilesError:  # kustomize has read it, so it is YAML that our reader refuses
                self._files[path] = []
        return self._files[path]


def _length_of_name(tree: Tree) -> int:
    return len(tree.text("metadata", "name") or "")
