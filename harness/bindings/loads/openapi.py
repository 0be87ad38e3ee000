"""Makes a request of an operation of an OpenAPI 3 document, from the examples of its parameters and its body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from harness.bindings.loads.examples import Missing, example_of, resolved
from harness.bindings.loads.model import LoadRequest
from harness.bindings.loads.shape import METHODS, SEND
from harness.schema.tree import Plain, Tree

_SHOWN = 12
"""Most operations that an error names."""
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    tree: Tree
    shared: tuple[Tree, ...]
    """The parameters of all operations of its path."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.tree.text("operationId"), f"{self.method} {self.path}")))


def request_of(document: Tree, wanted: str, problem: Callable[[str], None]) -> LoadRequest | None:
    """The request of an operation, by its operationId or as `GET /items/{id}`. Calls `problem` with every fact.

    None if the document has no such operation.
    """
    version = document.text("openapi") or ""
    if not version.startswith("3."):
        problem(f"{document.place}: no OpenAPI 3 document (`openapi: {version or 'missing'}`); convert it to OpenAPI 3")
        return None
    operations = list(_operations(document))
    found = next((each for each in operations if wanted in each.names), None)
    if found is None:
        names = [each.names[0] for each in operations]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        problem(f"there is no operation `{wanted}`; there are {', '.join(names[:_SHOWN]) or 'none'}{more}")
        return None
    try:
        return _Builder(document, found, problem).request()
    except Missing as missing:
        problem(f"{found.tree.place}: a part of {wanted} {missing}")
        return None


def _operations(document: Tree) -> Iterator[_Operation]:
    paths = document.at("paths")
    for path, item in (paths.fields if paths else {}).items():
        try:
            tree = resolved(item, document)
        except Missing:
            continue  # in another file: there is no operation of its name here
        shared = tree.at("parameters")
        for key, operation in tree.fields.items():
            if key.upper() in METHODS:
                yield _Operation(key.upper(), path, operation, shared.items if shared else ())


class _Builder:
    """Puts one request together; every parameter without an example is a problem."""

    def __init__(self, document: Tree, operation: _Operation, problem: Callable[[str], None]) -> None:
        self._document, self._operation, self._report = document, operation, problem
        self._problems = 0

    def request(self) -> LoadRequest:
        values = {place: list(self._values(place)) for place in ("path", "query", "header", "cookie")}
        path = self._operation.path
        for name, value in values["path"]:
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in values["query"])
        headers = dict(values["header"])
        if values["cookie"]:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in values["cookie"])
        whole = f"{self._prefix()}{path}{f'?{query}' if query else ''}"
        if not self._problems and not SEND.fullmatch(f"{self._operation.method} {whole}".replace("{", " ")):
            self._problem(f"`{whole}` is no path; declare its parameters with `in: path` and an example")
        for name, value in headers.items():
            if not f"{name}{value}".isprintable():
                self._problem(f"header `{name}` has a character that a header cannot have; correct its example")
        body, media_type = self._body()
        return LoadRequest(self._operation.method, whole, {**headers, **media_type}, body)

    def _problem(self, fact: str) -> None:
        self._problems += 1
        self._report(fact)

    def _prefix(self) -> str:
        """The path of the first server, below which all paths are."""
        servers = self._document.at("servers")
        first = servers.items[0] if servers and servers.items else None
        url = (first.text("url") if first else None) or ""
        variables = first.at("variables") if first else None
        for name, variable in (variables.fields if variables else {}).items():
            url = url.replace(f"{{{name}}}", variable.fields["default"].written if "default" in variable.fields else "")
        try:
            return urlsplit(url).path.rstrip("/")
        except ValueError as error:
            raise Missing(f"is below the server `{url}`, which is no URL ({error}); correct it") from None

    def _values(self, place: str) -> Iterator[tuple[str, str]]:
        """Name and value of each parameter that the request needs in `path`, `query`, `header` or `cookie`."""
        for name, parameter in self._parameters(place).items():
            if place == "path" or _is_required(parameter):
                try:
                    yield name, self._written(name, parameter)
                except Missing as missing:
                    self._problem(f"{parameter.place}: parameter `{name}` (in {place}) {missing}")

    def _parameters(self, place: str) -> dict[str, Tree]:
        own = self._operation.tree.at("parameters")
        both = (resolved(each, self._document) for each in (*self._operation.shared, *(own.items if own else ())))
        return {each.text("name") or "": each for each in both if each.text("in") == place}

    def _written(self, name: str, parameter: Tree) -> str:
        value = example_of(parameter, self._document)
        if isinstance(value, dict):
            raise Missing("is an object, which cannot be written here; list the request under `requests`")
        return ",".join(map(_text, value)) if isinstance(value, list) else _text(value)

    def _body(self) -> tuple[str, dict[str, str]]:
        """The body, and the header with its type unless it is JSON."""
        body = self._operation.tree.at("requestBody")
        if body is None:
            return "", {}
        body = resolved(body, self._document)
        content = body.at("content")
        media = dict(content.fields) if content else {}
        media_type = next((each for each in media if "json" in each), next(iter(media), ""))
        try:
            if not media_type:
                raise Missing("has no content")
            return _encoded(example_of(media[media_type], self._document), media_type)
        except Missing as missing:
            if _is_required(body):
                self._problem(f"{body.place}: the body {f'({media_type}) ' if media_type else ''}{missing}")
            return "", {}


def _is_required(tree: Tree) -> bool:
    required = tree.at("required")
    return required is not None and required.value is True


def _encoded(value: Plain, media_type: str) -> tuple[str, dict[str, str]]:
    if "json" in media_type:
        return json.dumps(value), {} if media_type == "application/json" else {"Content-Type": media_type}
    if media_type == _FORM and isinstance(value, dict):
        return urlencode({name: _text(each) for name, each in value.items()}), {"Content-Type": media_type}
    if isinstance(value, str):
        return value, {"Content-Type": media_type}
    raise Missing("has an example that cannot be written in this type; list the request under `requests`")


def _text(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
