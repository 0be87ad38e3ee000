"""Use case `init`: write a gameday.yaml for runbooks, or add to one what it lacks."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.app.choices import choices_of
from harness.app.writing import write_whole
from harness.bindings import FILE_NAME, Bindings
from harness.errors import BindingError, DocumentError, GamedayError, MachineError
from harness.model import Document
from harness.plan import make_plan
from harness.proposal.choices import with_named
from harness.proposal.draft import Key
from harness.proposal.insertion import insert
from harness.proposal.mentions import deployments
from harness.proposal.runbooks import Proposer
from harness.runbook import nothing_to_test, read
from harness.schema.tree import Tree, UnreadableError
from harness.schema.tree import read as read_yaml

_HEADER = (
    "# Bindings of runbooks for gameday: what their placeholders, symptoms and SLOs mean here, and what causes each "
    "incident.\n# `gameday check` lists what is still open. Format: docs/reference/bindings.md\n"
)


@dataclass(frozen=True)
class InitRequest:
    """The runbook documents, and the file to write."""

    runbooks: tuple[Path, ...]
    bindings: Path | None = None
    """None: the gameday.yaml that a run of the first document uses; without one, it is written beside the document."""
    dry_run: bool = False
    """Write nothing."""


@dataclass(frozen=True)
class Edited:
    """A bindings file before and after an addition."""

    path: Path
    before: str
    after: str
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    @property
    def diff(self) -> str:
        """The addition as a unified diff; "" if nothing is missing."""
        sides = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        name = str(self.path)
        lines = difflib.unified_diff(*sides, fromfile=name if self.before else "/dev/null", tofile=name)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def init(request: InitRequest) -> Edited:
    """Write what the bindings of the documents lack, and nothing else. Raises DocumentError and BindingError."""
    path = request.bindings or _path_for(request.runbooks[0])
    before = text_of(path)
    after, notes = before, list[str]()
    for document in _readable(request.runbooks, notes):
        keys, left_out = _proposed(document, path, after)
        inserted = add(after, keys, path)
        after = inserted.after
        notes += [*left_out, *inserted.notes]
    edited = Edited(path, before, after, tuple(notes))
    if not request.dry_run:
        save(edited)
    return edited


def _path_for(runbook: Path) -> Path:
    """The bindings file beside a document, or the one of the working directory if the document is below that."""
    beside, here = runbook.parent / FILE_NAME, Path(FILE_NAME)
    below = runbook.resolve().is_relative_to(Path.cwd())
    return here if below and here.is_file() and not beside.exists() else beside


def add(text: str, keys: Sequence[Key], path: Path) -> Edited:
    """The text of a bindings file with the keys that it lacks; a new one begins with its header."""
    inserted = insert(text or _HEADER, keys, str(path))
    return Edited(path, text, inserted.text, inserted.left_out)


def save(edited: Edited) -> None:
    """Write the file, whole or not at all, if it changes. Raises MachineError."""
    if edited.after == edited.before:
        return
    try:
        write_whole(edited.after, edited.path)
    except OSError as error:
        raise MachineError(f"{edited.path}: cannot be written ({error.strerror}); name another file") from None


def text_of(path: Path) -> str:
    """The text of a bindings file with its line ends; "" if there is none. Raises BindingError."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BindingError(f"{path}: cannot be read ({error.strerror}); nothing was written") from None
    except UnicodeDecodeError:
        raise BindingError(f"{path}: not UTF-8 text; nothing was written") from None


def tree_of(text: str, path: Path) -> Tree:
    """The values of a bindings file; those of an empty one without any. Raises BindingError."""
    try:
        documents = read_yaml(text.removeprefix("\ufeff"), str(path))
    except UnreadableError as error:
        raise BindingError(f"{error}\nNothing was written; correct the file first.") from None
    return documents[0] if documents else Tree({}, f"{path}:1:1")


def relative(file: Path, folder: Path) -> str:
    """The path of a file as gameday.yaml in a folder names it."""
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def _readable(files: Sequence[Path], notes: list[str]) -> list[Document]:
    """The documents with something to test. Raises DocumentError with all that cannot be read, and without any."""
    documents, problems = [], []
    for file in dict.fromkeys(files):
        try:
            document = read(file)
        except GamedayError as error:
            problems.append(str(error))
            continue
        nothing = nothing_to_test(document)
        if nothing:
            notes.append(f"{file}: nothing to test: {nothing}")
        else:
            documents.append(document)
    if problems or not documents:
        raise DocumentError("\n".join([*problems, *(() if documents else notes), "Nothing was written."]))
    return documents


def _proposed(document: Document, path: Path, text: str) -> tuple[tuple[Key, ...], list[str]]:
    """The keys for one document, and why one of its runbooks gets none."""
    tree = tree_of(text, path)
    plan = make_plan(document, Bindings(path, "production", {}, {}, {}, {}), [])
    name = relative(Path(document.path), path.parent)
    choices = with_named(choices_of(tree, path.parent), deployments(step.text for step in plan.steps()))
    proposer = Proposer(plan, name, choices, tree)
    fix = "give one of them another id"
    return proposer.keys(), [
        f"{document.path}: {path.name} has the runbook id {each} for another document; {fix}"
        for each in proposer.foreign()
    ]
