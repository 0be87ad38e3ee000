"""The output formats `-o json|yaml|name|jsonpath|custom-columns`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import yaml

from harness.cluster.kubectl import jsonpath
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.session import Item
from harness.cluster.kubectl.tables import Table
from harness.machine.objects import Json, Obj

Printer = Callable[[Sequence[Item], bool], str]
"""(items, whether exactly one object was requested) → the complete output."""

LACKING = (
    "custom-columns-file",
    "go-template",
    "go-template-file",
    "jsonpath-file",
    "kyaml",
    "template",
    "templatefile",
)
ALLOWED = sorted((*LACKING, "custom-columns", "json", "jsonpath", "jsonpath-as-json", "name", "wide", "yaml"))
OLD_BOOLEANS = {"y", "n", "yes", "no", "on", "off"}


def printer(chosen: str, *, headers: bool = True) -> Printer | None:
    """The printer for `-o CHOSEN`; None for tables (empty and `wide`). Raises Failure."""
    name, _, template = chosen.partition("=")
    if chosen in ("", "wide"):
        return None
    if chosen in SIMPLE:
        return SIMPLE[chosen]
    if name in ("jsonpath", "jsonpath-as-json"):
        return _jsonpath(_given(template, "template format specified but no template given"), name)
    if name == "custom-columns":
        spec = _given(template, "custom-columns format specified but no custom columns given")
        return _custom_columns(spec, headers)
    if name in LACKING:
        raise Failure(f"error: this platform's kubectl does not support -o {name} yet; use json, yaml or jsonpath")
    formats = ",".join(ALLOWED)
    raise Failure(
        f'error: unable to match a printer suitable for the output format "{chosen}", allowed formats are: {formats}'
    )


def whole(items: Sequence[Item], single: bool) -> Obj:
    """The object itself if exactly one was requested, else a List."""
    if single and len(items) == 1:
        return typed(items[0])
    listed: list[Json] = [typed(item) for item in items]
    return {"apiVersion": "v1", "items": listed, "kind": "List", "metadata": {"resourceVersion": ""}}


def typed(item: Item) -> Obj:
    return {"apiVersion": item.resource.api_version, "kind": item.resource.kind, **item.obj}


def as_json(value: Json, indent: int = 4) -> str:
    """JSON with sorted keys, and `<`, `>`, `&` escaped as Go does."""
    dumped = json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False)
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", dumped)


def as_yaml(value: Json) -> str:
    """YAML as Go's library writes it: sorted keys, no aliases, quotes where plain text would be another type."""
    dumped: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=1 << 30
    )
    return dumped


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.Node:
        tag: str = self.resolve(yaml.ScalarNode, data, (True, False))  # type: ignore[no-untyped-call]
        plain = tag == "tag:yaml.org,2002:str"
        quoted = None if plain and data.lower() not in OLD_BOOLEANS else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else quoted)


_Dumper.add_representer(str, _Dumper.represent_text)


def _given(template: str, otherwise: str) -> str:
    if not template:
        raise Failure(f"error: {otherwise}")
    return template


def _names(items: Sequence[Item], single: bool) -> str:
    return "".join(f"{item.shown}\n" for item in items)


SIMPLE: dict[str, Printer] = {
    "json": lambda items, single: as_json(whole(items, single)) + "\n",
    "yaml": lambda items, single: as_yaml(whole(items, single)),
    "name": _names,
}


def parse_template(source: str) -> jsonpath.Template:
    try:
        return jsonpath.parse(source)
    except jsonpath.Unparsable as error:
        raise Failure(f"error: {error}") from error


def _jsonpath(source: str, name: str) -> Printer:
    template = parse_template(source)

    def show(items: Sequence[Item], single: bool) -> str:
        value = whole(items, single)
        try:
            return as_json(template.find(value)) + "\n" if name == "jsonpath-as-json" else template.render(value)
        except jsonpath.Unexecutable as error:
            raise Failure(EXECUTION.format(template=source, error=error, value=go_syntax(value))) from error

    return show


EXECUTION = """error: error executing jsonpath "{template}": Error executing template: {error}. \
Printing more information for debugging the template:
\ttemplate was:
\t\t{template}
\tobject given to jsonpath engine was:
\t\t{value}

"""


def go_syntax(value: Json) -> str:
    """A value in Go's `%#v` format, which kubectl's template errors use."""
    if isinstance(value, dict):
        return "map[string]interface {}{" + ", ".join(f'"{key}":{go_syntax(value[key])}' for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(go_syntax(each) for each in value) + "}"
    return "interface {}(nil)" if value is None else json.dumps(value, ensure_ascii=False)


def go_text(value: Json) -> str:
    """A value in Go's `%v` format: `map[app:web]`, `[a b]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(each) for each in value) + "]"
    return value if isinstance(value, str) else "<nil>" if value is None else json.dumps(value)


def _custom_columns(spec: str, headers: bool) -> Printer:
    columns = [_column(part) for part in spec.split(",")]

    def show(items: Sequence[Item], single: bool) -> str:
        rows = [[_cell(path, typed(item)) for _, path in columns] for item in items]
        lines = Table(headers=headers).lines([header for header, _ in columns], rows)
        return "".join(f"{line}\n" for line in lines)

    return show


def _column(part: str) -> tuple[str, jsonpath.Template]:
    header, colon, path = part.partition(":")
    if not colon or not path:
        raise Failure(f"error: unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
    return header, field_template(path)


def field_template(path: str) -> jsonpath.Template:
    try:
        return jsonpath.parse(jsonpath.relaxed(path))
    except jsonpath.Unparsable as error:
        raise Failure(f"error: {error}") from error


def _cell(path: jsonpath.Template, obj: Obj) -> str:
    try:
        found = path.find(obj)
    except jsonpath.Unexecutable:
        found = []  # kubectl shows an index out of bounds as <none> as well
    return ",".join(go_text(each) for each in found) or "<none>"
