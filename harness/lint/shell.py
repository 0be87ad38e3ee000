"""The commands of a document: of its shell blocks and inline code, each with its words and their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from harness.bash.tree import syntax_tree
from harness.lint import words as unwrapping
from harness.lint.commands import Command, Pipeline, Redirect, Shell, Source
from harness.lint.page import Page, Place, Span
from harness.lint.statements import Statement, statements
from harness.lint.typed import SHELLS, Typed, is_command, typed_of, unmarked
from harness.lint.words import Word, static

_PLACEHOLDER = re.compile(
    r"(?<![<\w])<[A-Za-z$/][^<>\n|&;\"'`=]{0,60}>(?!>)|<%=[^%\n]*%>|\{\{[^{}\n]*\}\}|\[[A-Z][A-Z _-]+\]"
)
_LONGEST_STATEMENT = 4000
"""Characters of a statement that are parsed: tree-sitter takes quadratic time for brackets that are never closed."""
_OUTSIDE = re.compile(r"[^\x00-\x7f]")


def read(page: Page) -> Shell:
    """Read every command of a page."""
    reader = _Reader()
    typed = [found for block in page.blocks if (found := typed_of(block)) is not None]
    items: list[tuple[int, Typed | Span]] = [(each.first, each) for each in typed]
    items += [(span.place.line, span) for span in unmarked(page)]
    items += [(span.place.line, span) for span in page.spans if is_command(span.text)]
    for _, item in sorted(items, key=lambda pair: pair[0]):
        if isinstance(item, Typed):
            reader.source(Source(item.first, item.lines, item.columns, item.block, item.block.lang in SHELLS))
        else:
            column = item.place.column
            reader.source(Source(item.place.line, (item.text,), (column,), None, labelled=False))
    return Shell(
        tuple(reader.pipelines), tuple(reader.commands), frozenset(reader.assigned), tuple(typed),
        tuple(reader.open),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Context:
    source: Source
    row: int
    column: int
    text: str
    statement: int
    inside: str = ""
    conditional: bool = False
    looped: bool = False
    nested: bool = False

    def but(self, *, conditional: bool = False, looped: bool = False, nested: bool = False) -> _Context:
        return _Context(
            self.source, self.row, self.column, self.text, self.statement, self.inside,
            self.conditional or conditional, self.looped or looped, self.nested or nested,
        )  # fmt: skip


@dataclass
class _Reader:
    pipelines: list[Pipeline] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    assigned: set[str] = field(default_factory=set)
    open: list[tuple[Place, str, Source]] = field(default_factory=list)
    count: int = 0
    depth: int = 0

    def source(self, source: Source) -> None:
        for found in statements(source.lines):
            self._statement(source, found)

    def _statement(self, source: Source, found: Statement) -> None:
        text = "\n".join(source.lines[found.start : found.end])
        self.count += 1
        if found.open:
            place = source.place(found.start, 0, len(source.lines[found.start]))
            self.open.append((place, found.open, source))
        self.text(_Context(source, found.start, 0, text, self.count))

    def text(self, context: _Context) -> None:
        """Read one text: a statement, or the text of `sh -c`."""
        masked = _OUTSIDE.sub("X", _PLACEHOLDER.sub(_as_word, context.text[:_LONGEST_STATEMENT]))
        for child in syntax_tree(masked).named_children:
            _Visitor(self, context).visit(child)


def _as_word(found: re.Match[str]) -> str:
    return "p" * len(found[0])


_BODIES = {
    "if_statement", "elif_clause", "else_clause", "case_statement", "case_item", "function_definition",
}  # fmt: skip
_LOOPS = {"while_statement", "for_statement", "c_style_for_statement", "until_statement"}
_WORDS = ("word", "string", "raw_string", "number", "test_command")
_ASSIGNED = re.compile(r"(?:^|[\s;(])(?:export\s+|local\s+|declare\s+(?:-\w+\s+)*|readonly\s+)?([A-Za-z_]\w*)\+?=")


class _Visitor:
    """Turns a syntax tree into commands."""

    def __init__(self, reader: _Reader, context: _Context) -> None:
        self.reader, self.context = reader, context

    def visit(self, node: Node, redirects: tuple[Redirect, ...] = ()) -> None:
        """Read a node and all below it."""
        kind = node.type
        if kind == "command":
            self._pipeline([(node, redirects)])
        elif kind == "pipeline":
            self._pipeline([self._stage(child) for child in node.named_children])
        elif kind == "redirected_statement":
            body, own = self._redirected(node)
            if body is not None:
                self.visit(body, own)
            self._behind_here_documents(node)
        elif kind in ("variable_assignment", "declaration_command"):
            self._assign(node)
        elif kind in _WORDS:
            self._substitutions(node)
        elif kind != "comment":
            self._compound(node)

    def _behind_here_documents(self, node: Node) -> None:
        """`cat <<EOF | tee x`: the grammar puts the rest of the pipeline into the here-document."""
        for redirect in node.named_children:
            for child in redirect.named_children if redirect.type == "heredoc_redirect" else ():
                if child.type in ("command", "pipeline", "list", "redirected_statement"):
                    self.visit(child)

    def _compound(self, node: Node) -> None:
        if node.type == "list":
            self._list(node)
            return
        inner: _Visitor = self
        if node.type in _BODIES or node.type in _LOOPS:
            context = self.context.but(conditional=node.type in _BODIES, looped=node.type in _LOOPS)
            inner = _Visitor(self.reader, context)
            self._note_names(node)
        for child in node.named_children:
            inner.visit(child)

    def _list(self, node: Node) -> None:
        children = node.named_children
        for at, child in enumerate(children):
            inner = _Visitor(self.reader, self.context.but(conditional=at > 0))
            inner.visit(child)

    def _note_names(self, node: Node) -> None:
        variable = node.child_by_field_name("variable")
        if variable is not None:
            self.reader.assigned.add(self._text(variable))

    def _assign(self, node: Node) -> None:
        self.reader.assigned.update(_ASSIGNED.findall(self._text(node)))
        for word in self._text(node).split()[1:]:
            if re.fullmatch(r"[A-Za-z_]\w*", word):
                self.reader.assigned.add(word)
        self._substitutions(node)

    def _stage(self, node: Node) -> tuple[Node, tuple[Redirect, ...]]:
        if node.type == "redirected_statement":
            body, own = self._redirected(node)
            return (body if body is not None else node), own
        return node, ()

    def _redirected(self, node: Node) -> tuple[Node | None, tuple[Redirect, ...]]:
        body = node.child_by_field_name("body")
        found = tuple(self._redirect(child) for child in node.named_children if child.type == "file_redirect")
        return body, found

    def _redirect(self, node: Node) -> Redirect:
        text = self._text(node)
        match = re.match(r"\d*&?[<>]+[&|]?", text)
        operator = match[0] if match else ""
        return Redirect(operator, text[len(operator) :].strip().strip("'\""), self._place(node))

    def _pipeline(self, stages: Sequence[tuple[Node, tuple[Redirect, ...]]]) -> None:
        made: list[Command] = []
        for node, redirects in stages:
            if node.type == "command":
                command = self._command(node, redirects)
                if command is not None:
                    made.append(command)
                    continue
            self.visit(node)
        self._take(made)

    def _take(self, made: Sequence[Command]) -> None:
        """Add the commands of a pipeline."""
        if made:
            self.reader.pipelines.append(Pipeline(tuple(made)))
        for command in made:
            self._add(command)

    def _add(self, command: Command) -> None:
        """Add a command and what runs inside of it."""
        self.reader.commands.append(command)
        inner = unwrapping.inner(command.words)
        if inner is None or self.reader.depth > 4:
            return
        self.reader.depth += 1
        if isinstance(inner.content, Word):
            self._inside_text(inner.content, command, inner.program)
        else:
            self._inside(inner.content, command, inner.program)
        self.reader.depth -= 1

    def _inside(self, content: tuple[Word, ...], outer: Command, program: str) -> None:
        prefix, words = unwrapping.unwrapped(content)
        if words:
            made = Command(
                words, _whole(words[0].place, words[-1].place), outer.source, outer.statement, prefix, program,
                outer.conditional, outer.looped, outer.nested, outer.redirects,
            )  # fmt: skip
            self._add(made)

    def _inside_text(self, content: Word, outer: Command, program: str) -> None:
        row = content.place.line - outer.source.first
        column = content.place.column - outer.source.columns[min(row, len(outer.source.columns) - 1)] + 1
        context = _Context(
            outer.source, row, column, content.raw[1:-1], outer.statement, program, outer.conditional, outer.looped
        )
        kept = len(self.reader.pipelines)
        self.reader.text(context)
        del self.reader.pipelines[kept:]

    def _command(self, node: Node, redirects: tuple[Redirect, ...]) -> Command | None:
        words: list[Word] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment":
                self._substitutions(child)
                continue
            if kind in ("file_redirect", "herestring_redirect", "heredoc_redirect"):
                redirects = (*redirects, self._redirect(child)) if kind == "file_redirect" else redirects
                continue
            words.append(self._word(child))
        return self._made(words, redirects)

    def _made(self, words: Sequence[Word], redirects: tuple[Redirect, ...]) -> Command | None:
        prefix, kept = unwrapping.unwrapped(tuple(words))
        if not kept:
            return None
        self._note_read(kept)
        own = self.context
        return Command(
            kept, _whole(words[0].place, words[-1].place), own.source, own.statement, prefix, own.inside,
            own.conditional, own.looped, own.nested, redirects,
        )  # fmt: skip

    def _note_read(self, words: tuple[Word, ...]) -> None:
        if words[0].text in ("read", "mapfile", "readarray"):
            self.reader.assigned.update(word.text for word in words[1:] if word.text.isidentifier())

    def _word(self, node: Node) -> Word:
        raw = self._text(node)
        if "$(" in raw or "`" in raw:
            self._substitutions(node)
        return Word(raw, static(raw), self._place(node))

    def _substitutions(self, node: Node) -> None:
        for child in node.named_children:
            if child.type in ("command_substitution", "process_substitution"):
                inner = _Visitor(self.reader, self.context.but(nested=True))
                for each in child.named_children:
                    inner.visit(each)
            else:
                self._substitutions(child)

    def _text(self, node: Node) -> str:
        start, end = node.start_byte, node.end_byte
        return self.context.text[start:end]

    def _place(self, node: Node) -> Place:
        (row, column), (last, end) = node.start_point, node.end_point
        own = self.context
        shift = own.column if row == 0 else 0
        if last != row:
            end = len(own.text.split("\n")[row]) if own.text else column + 1
        return own.source.place(own.row + row, shift + column, shift + end)


def _whole(first: Place, last: Place) -> Place:
    """From the first word to the last one in its line."""
    return Place(first.line, first.column, last.end if last.line == first.line else first.end)
