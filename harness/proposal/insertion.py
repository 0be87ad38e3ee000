"""Inserts keys into the text of gameday.yaml: every byte that was there stays, and nothing that exists is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from harness.errors import BindingError
from harness.proposal.draft import APART, Key, Row, block, flow, row
from harness.schema.tree import Plain, Tree, UnreadableError, read

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Inserted:
    """The new text, and what could not be inserted because of how its place is written."""

    text: str
    left_out: tuple[str, ...] = ()


def insert(text: str, wanted: Sequence[Key], name: str) -> Inserted:
    """Add to a YAML text the keys that it lacks; `name` is the file in messages.

    A key that exists keeps its value; below it, only what is missing is added. Raises BindingError when the text
    cannot be read, or when the addition would change a value that is there.
    """
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    before = _tree(text, name)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if before is None:
        return Inserted(mark + _appended(text, block(wanted, 0, apart=True)))
    if not isinstance(root, yaml.MappingNode):
        raise BindingError(f"{before.place}: expected a mapping; a bindings file has keys such as `runbooks:`")
    inserter = _Inserter(text, name)
    inserter.extend(root, wanted, ())
    after = inserter.result()
    _expect_unchanged(before, after, name)
    return Inserted(mark + after, tuple(inserter.left_out))


def _tree(text: str, name: str) -> Tree | None:
    try:
        documents = read(text, name)
    except UnreadableError as error:
        raise BindingError(f"{error}\nNothing was written; correct the file first.") from None
    if len(documents) > 1:
        raise BindingError(f"{documents[1].place}: a second document; a bindings file has exactly one")
    return documents[0] if documents else None


def _appended(text: str, lines: Iterator[str]) -> str:
    """A text without a value, such as an empty one or comments, and the lines below it."""
    end = _line_end(text)
    gap = "" if not text or text.endswith("\n") else end
    return text + gap + "".join(f"{line}{end}" for line in lines)


def _expect_unchanged(before: Tree, text: str, name: str) -> None:
    """Raises BindingError unless all values are as before, in the same order, possibly with others behind them."""
    try:
        (after,) = read(text, name)
    except (UnreadableError, ValueError):
        after = None
    if after is None or not _contains(after.plain(), before.plain()):
        raise BindingError(
            f"{name}: the additions do not fit into how this file is written; nothing was written. "
            "Write its mappings one key a line, or add what `--dry-run` shows with another --bindings file."
        )


def _contains(after: Plain, before: Plain) -> bool:
    if isinstance(before, dict):
        if not isinstance(after, dict) or list(after)[: len(before)] != list(before):
            return False
        return all(_contains(after[key], item) for key, item in before.items())
    if isinstance(before, list):
        return isinstance(after, list) and after[: len(before)] == before
    return before is None or after == before


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


@dataclass
class _Inserter:
    """Collects insertions by their offset in the text."""

    text: str
    name: str
    left_out: list[str] = field(default_factory=list)
    _pieces: list[tuple[int, str]] = field(default_factory=list)

    def result(self) -> str:
        """The text with all insertions; those at the same offset in their order."""
        text = self.text
        for offset, piece in sorted(reversed(self._pieces), key=lambda each: -each[0]):
            text = text[:offset] + piece + text[offset:]
        return text

    def extend(self, node: yaml.MappingNode, wanted: Sequence[Key], path: tuple[str, ...]) -> None:
        """Add the keys that a mapping lacks, and go down into those that it has."""
        own = {key.value: (key, item) for key, item in node.value}
        merged = {name for key, item in node.value if key.tag == _MERGE for name in _names(item)}
        missing = []
        for key in wanted:
            if key.name in own:
                self._descend(*own[key.name], key, (*path, key.name))
            elif key.name not in merged:
                missing.append(key)
        if missing and node.flow_style:
            self._into_braces(node, [flow(key) for key in missing])
        elif missing:
            column, apart = _column(node, self.text), not path or (len(path) == 1 and path[0] in APART)
            self._below(node, column, block(missing, column, apart=apart), apart=apart)

    def _descend(self, at: yaml.Node, node: yaml.Node, key: Key, path: tuple[str, ...]) -> None:
        nested = isinstance(key.value, tuple) or any(isinstance(each, Row) for each in key.value or ())
        if not nested:
            return
        if node.start_mark.index < at.end_mark.index:
            self.left_out.append(f"{self._place(at)}: {'.'.join(path)}: its value is an alias; add to it by hand")
        elif isinstance(node, yaml.MappingNode) and isinstance(key.value, tuple):
            self.extend(node, key.value, path)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key.value, list):
            self._add_rows(node, [each for each in key.value if isinstance(each, Row)])
        elif _is_empty(node):
            self._fill(at, node, key)

    def _fill(self, at: yaml.Node, node: yaml.Node, key: Key) -> None:
        """Write a mapping or list below a key that has no value."""
        column = at.start_mark.column + 2
        rows = key.value if isinstance(key.value, list) else ()
        lines = block(key.value, column) if isinstance(key.value, tuple) else iter(())
        self._below(node, column, [*lines, *(row(each, column) for each in rows if isinstance(each, Row))])

    def _add_rows(self, node: yaml.SequenceNode, rows: Sequence[Row]) -> None:
        present = [_plain(item) for item in node.value]
        new = [each for each in rows if _plain_row(each) not in present]
        if new and node.flow_style:
            self._into_braces(node, [row(Row(each.keys), 0).removeprefix("- ") for each in new])
        elif new:
            column = _column(node, self.text)
            self._below(node, column, [row(each, column) for each in new])

    def _into_braces(self, node: yaml.CollectionNode, items: Sequence[str]) -> None:
        """Insert in front of the closing brace."""
        offset = node.end_mark.index - 1
        before = self.text[:offset].rstrip()
        self._pieces.append((offset, ("" if before.endswith((",", "{", "[")) else ", ") + ", ".join(items)))

    def _below(
        self, node: yaml.Node, column: int, lines: Sequence[str] | Iterator[str], *, apart: bool = False
    ) -> None:
        """Insert lines below a block, behind the comments that belong to it."""
        offset, end = self._end_of_block(_last(node), column), _line_end(self.text)
        whole = "".join(f"{line}{end}" for line in lines)
        gap = "" if self.text[:offset].endswith("\n") else end
        self._pieces.append((offset, gap + (end if apart else "") + whole))

    def _end_of_block(self, offset: int, column: int) -> int:
        """The beginning of the line behind a block that ends at an offset, and behind comments as far indented."""
        best = at = self._next_line(len(self.text[:offset].rstrip()))
        while at < len(self.text):
            line = self.text[at : self._next_line(at)]
            if line.strip() and not (line.lstrip().startswith("#") and len(line) - len(line.lstrip()) >= column):
                break
            at += len(line)
            best = at if line.strip() else best
        return best

    def _next_line(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1

    def _place(self, node: yaml.Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _names(node: yaml.Node) -> Iterator[str]:
    """The keys that a merge (`<<`) brings."""
    for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        yield from (key.value for key, _ in each.value)


def _is_empty(node: yaml.Node) -> bool:
    """Whether nothing is written in the place of a value: `fault:`."""
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def _last(node: yaml.Node) -> int:
    """The offset of the end of what a node contains; the end of a block collection itself is behind its comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(map(_last, last)) if isinstance(last, tuple) else _last(last)
    return int(node.end_mark.index)


def _column(node: yaml.CollectionNode, text: str) -> int:
    """The column of the keys or dashes of a block; the node itself can begin with an anchor."""
    if not node.value:
        return int(node.start_mark.column)
    first = node.value[0]
    if isinstance(first, tuple):
        return int(first[0].start_mark.column)
    dash = text.rfind("-", 0, first.start_mark.index)
    return dash - (text.rfind("\n", 0, dash) + 1)


def _plain(node: yaml.Node) -> object:
    """A row as its texts, for comparison."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return {key.value: item.value for key, item in node.value}


def _plain_row(item: Row) -> object:
    return {key.name: key.value or "" for key in item.keys}
