"""Reads `loads:` of a bindings file: listed requests, an operation of an OpenAPI document, or an access log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from harness.bindings.loads.access_log import LogError, Recording, recording_of
from harness.bindings.loads.model import LoadRequest, LoadSpec
from harness.bindings.loads.openapi import request_of
from harness.bindings.loads.shape import check, kind_of
from harness.schema.shape import Report
from harness.schema.tree import Tree, UnreadableError, read

LOG_METHODS = ("GET", "HEAD")
"""The methods of an access log that are sent unless others are stated: they should change nothing."""
_LOG_GOOD = (200, 399)
"""A good answer to a recorded request, which was answered like that when it was recorded."""


def read_loads(entries: Mapping[str, Tree], beside: Path, report: Report) -> dict[str, LoadSpec]:
    """Read every entry that has the right shape; files are relative to `beside`. Reports every other problem."""
    found = {}
    for name, tree in entries.items():
        reader = _Reader(name, tree, beside, report)
        if _well_formed(tree) and (spec := reader.read()):
            found[name] = spec
    return found


def _well_formed(tree: Tree) -> bool:
    problems: list[str] = []
    check(tree, "", lambda _tree, _path, fact: problems.append(fact))
    return not problems


class _Reader:
    """Reads one entry."""

    def __init__(self, name: str, tree: Tree, beside: Path, report: Report) -> None:
        self._name, self._tree, self._beside, self._report = name, tree, beside, report

    def read(self) -> LoadSpec | None:
        """The load; None after a problem was reported."""
        read: Mapping[str, Callable[[], LoadSpec | None]] = {
            "requests": self._requests,
            "openapi": self._openapi,
            "access_log": self._access_log,
        }
        return read[kind_of(self._tree)]()

    def _requests(self) -> LoadSpec:
        items = self._tree.fields["requests"].items
        given = [item.number("share") for item in items]
        left, rest = 1 - sum(filter(None, given)), given.count(None)
        shares = [left / rest if share is None else share for share in given]
        requests = tuple(replace(_request(item), share=share) for item, share in zip(items, shares, strict=True))
        return LoadSpec(self._name, requests, self._tree.number("rate"))

    def _openapi(self) -> LoadSpec | None:
        text = self._text("openapi")
        if text is None:
            return None
        file, operation = self._tree.fields["openapi"].written, self._tree.fields["operation"].written
        try:
            documents = read(text, str(self._beside / file))
        except UnreadableError as error:
            self._problem("openapi", str(error))
            return None
        problems: list[str] = []
        request = request_of(documents[0] if documents else Tree({}, file), operation, problems.append)
        for fact in problems:
            self._problem("operation", fact)
        if problems or request is None:
            return None
        source = f"{request.text} ({operation} of {file})"
        return LoadSpec(self._name, (_answered(request, self._tree),), self._tree.number("rate"), source=source)

    def _access_log(self) -> LoadSpec | None:
        text, file = self._text("access_log"), self._tree.fields["access_log"].written
        methods = self._tree.at("methods")
        chosen = tuple(each.written for each in methods.items) if methods else LOG_METHODS
        try:
            found = None if text is None else recording_of(text.splitlines(), chosen)
        except LogError as error:
            self._problem("access_log", f"{file}: {error}")
            return None
        return None if found is None else self._recorded(found, file)

    def _recorded(self, found: Recording, file: str) -> LoadSpec:
        requests = tuple(
            _answered(LoadRequest(method, path, good=_LOG_GOOD), self._tree) for method, path in found.requests
        )
        source = f"{len(found.order)} requests of {file}, {found.left_out} lines left out"
        return LoadSpec(self._name, requests, self._tree.number("rate"), found.order, found.offsets_s, source)

    def _text(self, key: str) -> str | None:
        """The text of the file below a key; None after a problem was reported."""
        file = self._beside / self._tree.fields[key].written
        try:
            return file.read_text(encoding="utf-8", errors="replace" if key == "access_log" else "strict")
        except OSError as error:
            self._problem(key, f"{file}: cannot be read ({error.strerror}); name a file relative to the bindings")
        except UnicodeDecodeError:
            self._problem(key, f"{file}: not UTF-8 text")
        return None

    def _problem(self, key: str, fact: str) -> None:
        self._report(self._tree.fields[key], f"loads.{self._name}.{key}", fact)


def _request(tree: Tree) -> LoadRequest:
    """A request as it is listed, without its share."""
    method, path = (tree if tree.is_scalar else tree.fields["send"]).written.split(" ")
    body, series = tree.at("body"), tree.at("series")
    request = LoadRequest(method, path, body=body.written if body else "", series=series.written if series else "")
    return _answered(request, tree)


def _answered(request: LoadRequest, tree: Tree) -> LoadRequest:
    """The request with the headers, the status and the timeout that its entry gives."""
    headers, status, timeout_s = tree.at("headers"), tree.number("status"), tree.number("timeout_s")
    given = {name: value.written for name, value in headers.fields.items()} if headers else {}
    return replace(
        request,
        headers={**_without(request.headers, given), **given},
        good=request.good if status is None else (int(status), int(status)),
        timeout_s=timeout_s or request.timeout_s,
    )


def _without(headers: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """The headers without those of the same name, in any case, in `given`."""
    names = {name.lower() for name in given}
    return {name: value for name, value in headers.items() if name.lower() not in names}
