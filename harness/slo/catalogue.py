"""OpenSLO files and one-line conditions, read together: every SLO, and every problem of all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.conditions import parse
from harness.errors import ConditionError
from harness.schema.shape import Tell
from harness.schema.tree import Tree, UnreadableError, grow, read
from harness.slo import schema
from harness.slo.document import document_of, name_for
from harness.slo.openslo import Slo, check_annotations, name_of, slos_of, title_of, without_references


@dataclass(frozen=True)
class Catalogue:
    """What was read: the SLOs, and every problem with its place, one line each."""

    slos: tuple[Slo, ...]
    problems: tuple[str, ...]

    def named(self, name: str) -> tuple[Slo, ...]:
        """The objective of this name, or all objectives of the SLO with this displayName or metadata.name."""
        own = tuple(slo for slo in self.slos if slo.name == name)
        return own or tuple(slo for slo in self.slos if name in slo.aliases)


def read_slos(files: Sequence[Path], sentences: Mapping[str, object], place: str) -> Catalogue:
    """Read OpenSLO files and name → one-line conditions (which stand below `place`); never raises for what they say."""
    reader = _Reader()
    documents = [tree for path in files for tree in reader.file(path)]
    taken = {name_of(tree) for tree in documents}
    documents += reader.sentences(sentences, place, taken)
    slos = tuple(reader.slos(documents))
    return Catalogue(slos, tuple(dict.fromkeys(reader.problems)))


class _Reader:
    """Collects every problem, each naming the place, the document, the fact and the next act."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def file(self, path: Path) -> list[Tree]:
        """The documents of a file; a list of documents counts as so many."""
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
            self.problems.append(f"{path}: holds no document; write an OpenSLO one (docs/reference/slos.md)")
        return [each for tree in found for each in (tree.items or (tree,))]

    def sentences(self, sentences: Mapping[str, object], place: str, taken: set[str]) -> Iterator[Tree]:
        """Each condition as the document that it is short for."""
        for title, text in sentences.items():
            where, name = f"{place}.{title}", name_for(title, taken)
            try:
                yield grow(document_of(parse(str(text)), name, title), where)
            except ConditionError as error:
                self.problems.append(f"{where}: {error}")

    def slos(self, documents: Iterable[Tree]) -> Iterator[Slo]:
        """The SLOs of all documents that have no problem."""
        sound = [tree for tree in documents if self._sound(tree)]
        self._unique(sound)
        indicators = {name_of(tree): tree for tree in sound if tree.text("kind") == "SLI"}
        for tree in sound:
            if tree.text("kind") == "SLO":
                whole = without_references(tree, indicators, self._tell(tree))
                yield from slos_of(whole, self._tell(tree)) if whole else ()

    def _sound(self, tree: Tree) -> bool:
        before = len(self.problems)
        schema.check(tree, self._tell(tree))
        check_annotations(tree, self._tell(tree))
        return len(self.problems) == before

    def _tell(self, document: Tree) -> Tell:
        what = " ".join(filter(None, (document.text("kind"), name_of(document)))) or "document"

        def tell(at: Tree, path: str, fact: str) -> None:
            self.problems.append(f"{at.place}: {what}: {path}{': ' if path else ''}{fact}")

        return tell

    def _unique(self, documents: Sequence[Tree]) -> None:
        """No two documents of a kind share a name, and no two SLOs a displayName."""
        seen: dict[tuple[str, str], Tree] = {}
        for tree in documents:
            kind = tree.text("kind") or ""
            titles = {name_of(tree), title_of(tree)} if kind == "SLO" else {name_of(tree)}
            for title in sorted(titles):
                first = seen.setdefault((kind, title), tree)
                if first is not tree:
                    self._tell(tree)(
                        tree, "metadata", f"`{title}` names the {kind} at {first.place} already; rename one"
                    )
