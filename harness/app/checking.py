"""Use case `check`: everything that is missing or wrong before the runbooks can be drilled. Starts nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from harness import bindings
from harness.app.checks import part_problems
from harness.app.proposing import relative, text_of, tree_of
from harness.bindings import Bindings, FileProblem, RunbookBinding
from harness.errors import BindingError, DocumentError
from harness.model import Document, Runbook, Symptom
from harness.plan import DrillPlan, GamedayPlan, make_plan
from harness.proposal.problem import Problem, from_message
from harness.proposal.runbooks import identified
from harness.proposal.todo import Todo, todos
from harness.runbook import nothing_to_test, read
from harness.schema.tree import Tree
from harness.steps.step import Step

_SUBJECT = re.compile(r"^[a-z]+(, line \d+)?: ")
"""What a question of `init` begins with; the path of its key says the same."""


@dataclass(frozen=True)
class CheckRequest:
    """The runbook documents; none: those that the bindings name."""

    runbooks: tuple[Path, ...] = ()
    bindings: Path | None = None
    """None: gameday.yaml beside the (first) document, else in the working directory."""


@dataclass(frozen=True)
class CheckResult:
    """What was checked, and every problem: first those of the whole file, then by runbook in the documents' order."""

    bindings: Path
    documents: tuple[Path, ...]
    problems: tuple[Problem, ...]


def check(request: CheckRequest) -> CheckResult:
    """Check documents and their bindings. Raises BindingError and DocumentError when there is nothing to check."""
    first = request.runbooks[0] if request.runbooks else Path(bindings.FILE_NAME)
    path = _from_here(bindings.find(first, request.bindings, or_shipped=False))
    try:
        found, wrong = bindings.examine(path)
    except BindingError as error:
        unreadable = (from_message(line, "", str(path)) for line in str(error).split("\n"))
        return CheckResult(path, request.runbooks, tuple(unreadable))
    documents = request.runbooks or _named(found)
    file = _File(path, found, wrong)
    problems = [*file.problems(), *(each for document in documents for each in _of_document(document, file))]
    order = {name: number for number, name in enumerate(dict.fromkeys(each.runbook for each in problems))}
    order[""] = -1
    unique = dict.fromkeys(sorted(problems, key=lambda each: order[each.runbook]))
    return CheckResult(path, tuple(documents), tuple(unique))


def _from_here(path: Path) -> Path:
    """The path as short as a person in the working directory would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _named(found: Bindings) -> tuple[Path, ...]:
    """The documents that the entries name."""
    every = (*found.runbooks.values(), *found.drafts.values())
    names = dict.fromkeys(each.document for each in every if each.document)
    if not names:
        fix = "name the runbook documents, or let `gameday init RUNBOOK` add them"
        raise DocumentError(f"{found.path}: no `document` in its runbooks; {fix}")
    return tuple(found.path.parent / name for name in names)


@dataclass(frozen=True)
class _File:
    """A bindings file: what can be used of it, and what cannot."""

    path: Path
    found: Bindings
    wrong: Sequence[FileProblem]

    @cached_property
    def text(self) -> str:
        return text_of(self.path)

    @cached_property
    def entries(self) -> Mapping[str, Tree]:
        """The entries of runbooks, by id."""
        listed = tree_of(self.text, self.path).at("runbooks")
        return listed.entries if listed else {}

    @cached_property
    def todos(self) -> tuple[Todo, ...]:
        return tuple(todos(self.text))

    def problems(self) -> Iterator[Problem]:
        """Wrong values, keys without a value, and what is left of the TODO comments."""
        asked: set[Todo] = set()
        for wrong in self.wrong:
            problem = from_message(wrong.text, self._runbook_of(wrong.path), str(self.path))
            yield self._with_questions(problem, wrong.path, asked)
        for each in self.found.undecided:
            problem = from_message(f"{each.place}: {each.path} has no value", each.runbook, str(self.path))
            yield self._with_questions(problem, each.path, asked)
        for todo in self.todos:
            if todo not in asked:
                runbook = todo.path[1] if todo.path[:1] == ("runbooks",) and len(todo.path) > 1 else ""
                fact = f"TODO left: {todo.text} (decide it, then remove the comment)"
                yield Problem(runbook, str(self.path), todo.line, todo.column, fact)

    def _with_questions(self, problem: Problem, path: str, asked: set[Todo]) -> Problem:
        """The problem with the text of the TODO comments about its key, which are then asked."""
        about = [todo for todo in self.todos if todo not in asked and _is_about(todo, path, problem.line)]
        asked.update(about)
        return replace(
            problem, fact=": ".join([problem.fact, *(_SUBJECT.sub("", todo.text, count=1) for todo in about)])
        )

    def is_open(self, path: str) -> bool:
        """Whether the key at a path has no value, which is a problem of the file."""
        return any(each.path == path for each in self.found.undecided)

    def _runbook_of(self, path: str) -> str:
        """The id of the runbook of whose entry the value at a path is a part."""
        inside = (name for name in self.entries if f"{path}.".startswith((f"runbooks.{name}.", f"runbooks.{name}[")))
        return max(inside, key=len, default="")


def _is_about(todo: Todo, path: str, line: int) -> bool:
    """Whether a comment is about the key at a path and line, or about the toggles of which it is one."""
    return todo.about == line or (todo.path == ("toggles",) and path.startswith("toggles."))


def _of_document(path: Path, file: _File) -> Iterator[Problem]:
    try:
        document = read(path)
    except DocumentError as error:
        yield from_message(str(error).removeprefix(f"{path}: "), "", str(path))
        return
    nothing = nothing_to_test(document)
    if nothing:
        yield Problem("", str(path), 1, 1, f"nothing to test: {nothing}")
        return
    plan = make_plan(document, file.found, [])
    for message in map(str, part_problems(replace(plan, drills=()), None)):
        yield from_message(message, "", str(file.path))
    for drill in plan.drills:
        yield from _of_drill(drill, plan, file)
    for step in plan.general:
        yield from _of_step(step, "", document, file)
    yield from _of_absent(document, file)


def _of_drill(drill: DrillPlan, plan: GamedayPlan, file: _File) -> Iterator[Problem]:
    name, document = drill.runbook.id, plan.document
    bound = drill.binding or file.found.drafts.get(name)
    yield from _of_entry(drill.runbook, document, file)
    for symptom in drill.runbook.symptoms if bound else ():
        if not _has_condition(symptom, bound, file.entries[name]):
            fact = f"the symptom `{_short(symptom.text)}` has no condition; add it under `symptoms` in {file.path.name}"
            yield _in_document(document, symptom.line, symptom.text, name, fact)
    for step in drill.steps:
        yield from _of_step(step, name, document, file)
    own = replace(plan, drills=(replace(drill, binding=bound),), bindings=replace(plan.bindings, probes=()))
    for message in map(str, part_problems(own, None)):
        problem = from_message(message, name, str(file.path))
        if drill.binding or problem.fact != message:  # what has no place in a draft is an open key
            yield problem


def _of_entry(runbook: Runbook, document: Document, file: _File) -> Iterator[Problem]:
    """That a runbook has no entry, or one that is said to be for another document."""
    entry = file.entries.get(runbook.id)
    said = entry.at("document") if entry else None
    if entry is None:
        fact = f"{runbook.id} is not bound; `gameday init {document.path}` adds it to {file.path.name}"
        yield _in_document(document, runbook.line, "", runbook.id, fact)
    elif said and not _is_same(said, document, file):
        fact = f"{file.path.name} has {runbook.id} for {said.written}; give one of the runbooks another id"
        yield _in_document(document, runbook.line, "", runbook.id, fact)


def _is_same(said: Tree, document: Document, file: _File) -> bool:
    """Whether a path in the file is that of the document."""
    return Path(said.written) == Path(relative(Path(document.path), file.path.parent))


def _has_condition(symptom: Symptom, bound: RunbookBinding | None, entry: Tree) -> bool:
    """Whether a symptom has a condition, or a row without one, which is a problem of the file."""
    rows = entry.at("symptoms")
    if any(identified(row, symptom) and "is" not in row.fields for row in (rows.items if rows else ())):
        return True
    return bool(bound and replace(bound, series=bound.series or "series").conditions_of(symptom))


def _of_step(step: Step, runbook: str, document: Document, file: _File) -> Iterator[Problem]:
    for name in step.missing:
        at = f"runbooks.{runbook}.placeholders.{name}"
        if name.startswith("toggles.") or file.is_open(f"placeholders.{name}") or file.is_open(at):
            continue  # the service of the runbook, or the key in the file, is missing
        fact = f"the placeholder `{name}` has no value; bind it under `placeholders` in {file.path.name}"
        yield _in_document(document, step.line, name, runbook, fact)
    for why in () if step.missing else step.refusals:
        fact = f"refused: `{_short(step.text)}`: {why}; or leave it to a person: `<!-- gameday: skip -->` above it"
        yield _in_document(document, step.line, step.text, runbook, fact)


def _of_absent(document: Document, file: _File) -> Iterator[Problem]:
    """The entries that name this document, which does not have them."""
    present = [runbook.id for runbook in document.runbooks]
    for runbook, entry in file.entries.items():
        said = entry.at("document")
        if said and _is_same(said, document, file) and runbook not in present:
            fact = f"{document.path} has no runbook {runbook}; it has {', '.join(present)}"
            yield from_message(f"{said.place}: {fact}", runbook, str(file.path))


def _in_document(document: Document, line: int, text: str, runbook: str, fact: str) -> Problem:
    """A problem at a line of the document, at the column where the text begins, else at the line's first word."""
    lines = document.text.removeprefix("\ufeff").splitlines()
    whole = lines[line - 1] if 0 < line <= len(lines) else ""
    column = whole.find(text.split("\n", maxsplit=1)[0]) if text else -1
    if column < 0:
        column = len(whole) - len(whole.lstrip())
    return Problem(runbook, document.path, max(line, 1), column + 1, fact)


def _short(text: str) -> str:
    return " ".join(text.split())
