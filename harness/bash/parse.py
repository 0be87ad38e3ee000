"""Parses bash without running it.

The syntax tree is tree-sitter's. `Script.doubts` names every place where the parse is uncertain, so that a caller that
needs certainty (the policy) can refuse the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from harness.bash.accounting import unaccounted
from harness.bash.constructs import arithmetic, constructs, doubts
from harness.bash.script import Call, Redirect, Script, Word
from harness.bash.tree import syntax_tree, text_of, walk

_COMMANDS = ("command", "declaration_command", "unset_command", "test_command")
_GROUPS = ("redirected_statement", "negated_command")
_EXPANSIONS = ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution")


def parse(text: str, line: int = 0) -> Script:
    """Parse a text that starts at a line of the document. Never raises: uncertain places are in `doubts`."""
    root = syntax_tree(text)
    nodes = list(walk(root))
    return Script(
        text=text,
        line=line,
        calls=tuple(_call(node) for node in nodes if node.type in _COMMANDS),
        last=_last(root),
        redirects=tuple(found for node in nodes for found in _redirects(node)),
        assignments=tuple(found for node in nodes for found in _assignments(node)),
        functions=frozenset(_function_names(nodes)),
        arithmetic=tuple(arithmetic(nodes)),
        constructs=frozenset(constructs(nodes)),
        doubts=tuple(dict.fromkeys([*doubts(nodes), *unaccounted(text.encode(), nodes)])),
    )


def _function_names(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.type == "function_definition" and (name := node.child_by_field_name("name")):
            yield text_of(name)


def _call(node: Node) -> Call:
    words: list[Word] = []
    for index, child in enumerate(node.children):
        if child.type == "variable_assignment":
            words += [_word(child)] if node.type == "declaration_command" else []
        elif child.type == "file_redirect":
            words += [_word(extra) for extra in child.children_by_field_name("destination")[1:]]
        elif child.type == "command_name":
            words.append(_word(child.children[0]))
        elif child.type == "test_command" or node.type == "test_command":
            words += [_word(part) for part in _leaves(child)]
        elif child.is_named or index == 0:
            words.append(_word(child))
    words += _arguments_after_redirects(node)
    return Call(tuple(words))


def _arguments_after_redirects(node: Node) -> list[Word]:
    """In `cat > /dev/null FILE`, FILE is an argument of cat; the grammar makes it a part of the redirection."""
    parent = node.parent
    if parent is None or parent.type != "redirected_statement":
        return []
    redirects = [child for child in parent.children if child.type == "file_redirect"]
    extra = [_word(word) for redirect in redirects for word in redirect.children_by_field_name("destination")[1:]]
    heredocs = [child for child in parent.children if child.type == "heredoc_redirect"]
    return extra + [_word(word) for heredoc in heredocs for word in heredoc.children_by_field_name("argument")]


def _leaves(node: Node) -> Iterator[Node]:
    """Yield the words of a test; the grammar nests them as expressions."""
    if node.type.endswith("_expression") and node.type != "brace_expression":
        for child in node.children:
            yield from _leaves(child)
    else:
        yield node


def _assignments(node: Node) -> Iterator[tuple[str, Word]]:
    """Yield the variables and values of `X=1`, of `for`, of `${X:=1}` and of `read`."""
    if node.type == "variable_assignment":
        yield _assignment(node)
    elif node.type == "expansion" and any(child.type in ("=", ":=") for child in node.children):
        default = Word(text_of(node), text_of(node), computed=True)
        yield from ((text_of(child), default) for child in node.children if child.type == "variable_name")
    elif node.type == "for_statement":
        variable = node.child_by_field_name("variable")
        for value in node.children_by_field_name("value"):
            yield (text_of(variable) if variable else ""), _word(value)
    elif node.type == "command" and (call := _call(node)).program == "read":
        yield from ((word.text, Word("$(read)", "$(read)", computed=True)) for word in call.arguments)


def _assignment(node: Node) -> tuple[str, Word]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    return (text_of(name) if name else ""), (_word(value) if value else Word("", ""))


def _word(node: Node) -> Word:
    inner = list(walk(node))
    computed = any(part.type in _EXPANSIONS for part in inner)
    names = [
        text_of(part) for part in inner if part.type in ("variable_name", "special_variable_name") and _expands(part)
    ]
    return Word(text_of(node), _static(node), tuple(names), computed, node.type == "string", _splits(node))


def _splits(node: Node) -> bool:
    """Whether an expansion is outside of double quotes, or is one that makes several words in them (`"$@"`)."""
    if node.type == "string":
        return any(re.match(r"\$\{?(@|\w+\[@)", text_of(child)) for child in node.named_children)
    return node.type in _EXPANSIONS or any(_splits(child) for child in node.named_children)


def _expands(name: Node) -> bool:
    return name.parent is not None and name.parent.type in ("simple_expansion", "expansion", "subscript")


def _static(node: Node) -> str:
    """Return the text of a word without quotes and backslashes; expansions stay as written."""
    text = text_of(node)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "ansi_c_string":
        return text[2:-1].encode("latin-1", "backslashreplace").decode("unicode_escape", "replace")
    if node.type == "string":
        return _in_quotes(node)
    if node.type in ("word", "number") and not node.named_children:
        return re.sub(r"\\(\n|.)", lambda match: "" if match[1] == "\n" else match[1], text, flags=re.S)
    if node.type == "concatenation":
        return "".join(_static(child) for child in node.children)
    return text


def _in_quotes(node: Node) -> str:
    """Return the text in double quotes, where a backslash escapes only `$`, a backtick, `"`, itself and a newline."""
    source, at, parts = node.text or b"", node.start_byte, []
    position = 1
    for child in node.named_children:
        if child.type == "string_content":
            continue
        parts.append(_unescape(source[position : child.start_byte - at].decode(errors="replace")))
        parts.append(text_of(child))
        position = child.end_byte - at
    return "".join(parts) + _unescape(source[position:-1].decode(errors="replace"))


def _unescape(text: str) -> str:
    return re.sub(r'\\([$`"\\\n])', lambda match: "" if match[1] == "\n" else match[1], text)


def _redirects(node: Node) -> Iterator[Redirect]:
    if node.type == "file_redirect":
        operator = next((text_of(child) for child in node.children if not child.is_named), "")
        targets = node.children_by_field_name("destination")
        yield Redirect(operator, _word(targets[0]) if targets else Word("", ""))
    elif node.type == "heredoc_redirect":
        body = next((child for child in node.children if child.type == "heredoc_body"), None)
        yield Redirect("<<", _word(body) if body else Word("", ""))
    elif node.type == "herestring_redirect":
        yield Redirect("<<<", _word(node.children[-1]))


def _last(root: Node) -> tuple[Call, ...]:
    statements = [child for child in root.named_children if child.type != "comment"]
    node = statements[-1] if statements else None
    while node is not None and node.type in (*_GROUPS, "list"):
        node = _run_last(node)
    if node is None:
        return ()
    if node.type == "pipeline":
        stages = [stage for child in node.named_children if child.type != "comment" for stage in [_stage(child)]]
        return tuple(stage for stage in stages if stage) if all(stages) else ()
    return (_call(node),) if node.type in _COMMANDS else ()


def _run_last(node: Node) -> Node | None:
    """Return the part of a compound statement that sets PIPESTATUS; None for `a || b`, where either may."""
    if node.type == "list":
        return None if any(child.type == "||" for child in node.children) else node.named_children[-1]
    if node.type == "negated_command":
        return node.named_children[-1]
    return node.child_by_field_name("body")


def _stage(node: Node) -> Call | None:
    inner: Node | None = node
    while inner is not None and inner.type in _GROUPS:
        inner = _run_last(inner)
    return _call(inner) if inner is not None and inner.type in _COMMANDS else None
