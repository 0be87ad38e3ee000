"""Finds the example of a parameter, a body or a schema of an OpenAPI document, and follows its references."""

from __future__ import annotations

from collections.abc import Iterator

from harness.schema.tree import Plain, Tree

_DEEPEST = 20
"""Most levels of schemas, and of references: a schema may contain itself."""


class Missing(Exception):
    """There is no example; the message completes a sentence such as "parameter `id` …"."""


def resolved(tree: Tree, document: Tree) -> Tree:
    """The value that a `$ref` refers to, or the value itself. Raises Missing for one that is not in the document."""
    for _ in range(_DEEPEST):
        reference = tree.text("$ref")
        if reference is None:
            return tree
        tree = _target(reference, document)
    raise Missing("refers to itself; write an example")


def _target(reference: str, document: Tree) -> Tree:
    """The value at a JSON pointer (RFC 6901)."""
    if not reference.startswith("#/"):
        raise Missing(f"refers to `{reference}`, another file; bundle the document into one")
    found = document.at(*(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")))
    if found is None:
        raise Missing(f"refers to `{reference}`, which does not exist; correct it")
    return found


def example_of(tree: Tree, document: Tree) -> Plain:
    """The example of a parameter or of a media type: its own, or that of its schema. Raises Missing."""
    found = next(_own(tree, document), None)
    if found is not None:
        return found.plain()
    content = tree.at("content")
    for media in content.fields.values() if content else ():
        return example_of(media, document)
    schema = tree.at("schema")
    if schema is None:
        raise Missing("has no example; add `example:`")
    return _of_schema(schema, document, "", 0)


def _own(tree: Tree, document: Tree) -> Iterator[Tree]:
    if "example" in tree.fields:
        yield tree.fields["example"]
    examples = tree.at("examples")
    for each in examples.fields.values() if examples else ():
        value = resolved(each, document).at("value")
        if value is not None:
            yield value


def _of_schema(tree: Tree, document: Tree, path: str, depth: int) -> Plain:
    """The example of a schema; of an object without one, the examples of the properties that it requires."""
    tree = resolved(tree, document)
    found = next(_of_value(tree), None)
    if found is not None:
        return found.plain()
    if depth >= _DEEPEST:
        raise Missing(f"{_at(path)}contains itself; write an example")
    parts = tree.at("allOf")
    if parts and parts.items:
        return _merged([_of_schema(part, document, path, depth + 1) for part in parts.items], path)
    if tree.text("type") == "object" or "properties" in tree.fields:
        return _of_object(tree, document, path, depth)
    items = tree.at("items")
    if items is not None:
        return [_of_schema(items, document, f"{path}[]", depth + 1)]
    raise Missing(f"{_at(path)}has no example; add `example:` at {tree.place}")


def _of_value(tree: Tree) -> Iterator[Tree]:
    """What a schema gives as a value that is allowed: its example, its default, or one of its fixed values."""
    yield from (tree.fields[key] for key in ("example", "default", "const") if key in tree.fields)
    for key in ("examples", "enum"):
        if key in tree.fields:
            yield from tree.fields[key].items[:1]


def _of_object(tree: Tree, document: Tree, path: str, depth: int) -> Plain:
    properties, required = tree.at("properties"), tree.at("required")
    known = properties.fields if properties else {}
    names = [each.written for each in required.items] if required else []
    missing, found = [], dict[str, Plain]()
    for name in names:
        try:
            if name not in known:
                raise Missing(f"{_at(f'{path}.{name}')}is required and not described; add it to `properties`")
            found[name] = _of_schema(known[name], document, f"{path}.{name}", depth + 1)
        except Missing as fact:
            missing.append(str(fact))
    if missing:
        raise Missing("; ".join(missing))
    return found


def _merged(parts: list[Plain], path: str) -> Plain:
    whole: dict[str, Plain] = {}
    for part in parts:
        if not isinstance(part, dict):
            raise Missing(f"{_at(path)}combines what is no object; write an example")
        whole |= part
    return whole


def _at(path: str) -> str:
    return f"at `{path.lstrip('.')}` " if path else ""
