"""Reads OpenSLO files and one-line conditions together: every SLO, and every problem of all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.conditions import parse
from harness.errors import ConditionError
from harness.schema.shape import Report
from harness.schema.tree import Tree, UnreadableError, from_plain, read
from harness.slo import openslo_schema
from harness.slo.openslo import Slo, check_annotations, name_of, slos_of, title_of, without_references
from harness.slo.to_openslo import document_of, name_for


@dataclass(frozen=True)
class Catalogue:
    """The SLOs that were read, and every problem with its place, one line each."""

    slos: tuple[Slo, ...]
    problems: tuple[str, ...]

    def named(self, name: str) -> tuple[Slo, ...]:
        """The objective of this name, or all objectives of the SLO with this displayName or metadata.name."""
        own = tuple(slo for slo in self.slos if slo.name == name)
        return own or tuple(slo for slo in self.slos if name in slo.aliases)


def read_slos(files: Sequence[Path], one_line: Mapping[str, Tree] | None = None) -> Catalogue:
    """Read OpenSLO files and one-line conditions (by SLO name). Never raises: problems are in the catalogue."""
    reader = _Reader()
    documents = [tree for path in files for tree in reader.file(path)]
    documents += reader.one_line(one_line or {}, {name_of(tree) for tree in documents})
    slos = tuple(reader.slos(documents))
    return Catalogue(slos, tuple(dict.fromkeys(reader.problems)))


class _Reader:
    """Collects every problem as one line: place, document, path, fact with what to do."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def file(self, path: Path) -> list[Tree]:
        """The documents of a file, separate or in a list."""
        try:
            found = read(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            self.problems.append(f"{path}: cannot be read ({error.strerror}); name an OpenSLO file")
            return []
        except UnicodeDecodeError:
            self.problems.append(f"{path}: not UTF-8 text; name an OpenSLO file")
            return []
        except UnreadableError as error:
            self.problems.append(str(error))
            return []
        if not found:
            self.problems.append(f"{path}: has no document; write an OpenSLO one (docs/reference/slos.md)")
        return [each for tree in found for each in (tree.items or (tree,))]

    def one_line(self, conditions: Mapping[str, Tree], taken: set[str]) -> Iterator[Tree]:
        """Each condition as an OpenSLO document; `taken` are document names in use."""
        for title, tree in conditions.items():
            name = name_for(title, taken)
            try:
                yield from_plain(document_of(parse(tree.written), name, title), tree.place)
            except ConditionError as error:
                self.problems.append(f"{tree.place}: slos.{title}: {error}")

    def slos(self, documents: Iterable[Tree]) -> Iterator[Slo]:
        """The SLOs of all documents that have no problem."""
        valid = [tree for tree in documents if self._is_valid(tree)]
        self._check_unique(valid)
        indicators = {name_of(tree): tree for tree in valid if tree.text("kind") == "SLI"}
        for tree in valid:
            if tree.text("kind") == "SLO":
                whole = without_references(tree, indicators, self._report(tree))
                yield from slos_of(whole, self._report(tree)) if whole else ()

    def _is_valid(self, tree: Tree) -> bool:
        before = len(self.problems)
        openslo_schema.check(tree, self._report(tree))
        check_annotations(tree, self._report(tree))
        return len(self.problems) == before

    def _report(self, document: Tree) -> Report:
        what = " ".join(filter(None, (document.text("kind"), name_of(document)))) or "document"

        def report(tree: Tree, path: str, fact: str) -> None:
            self.problems.append(f"{tree.place}: {what}: {path}{': ' if path else ''}{fact}")

        return report

    def _check_unique(self, documents: Sequence[Tree]) -> None:
        """No two documents of a kind share a name, and no two SLOs a displayName."""
        seen: dict[tuple[str, str], Tree] = {}
        for tree in documents:
            kind = tree.text("kind") or ""
            titles = {name_of(tree), title_of(tree)} if kind == "SLO" else {name_of(tree)}
            for title in sorted(titles):
                first = seen.setdefault((kind, title), tree)
                if first is not tree:
                    fact = f"the {kind} at {first.place} is already named `{title}`; rename one"
                    self._report(tree)(tree, "metadata", fact)
