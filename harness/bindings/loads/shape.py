"""The shape of one entry of `loads:`; every problem is reported with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from harness.schema.shape import (
    Check,
    Report,
    choice,
    dictionary,
    either,
    join,
    mapping,
    number,
    scalar,
    schema_of,
    sequence,
    shaped,
    unchanged,
)
from harness.schema.tree import Tree

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NAME = re.compile(r"(?!.*\.py$)\w[\w.-]*", re.ASCII)
"""The name of a load or series."""
SEND = re.compile(rf"({'|'.join(METHODS)}) (/[!-~]*)")
"""A request: method and path."""
AS_RECORDED = "as recorded"
CONTENT_TYPE = "content-type"
_HEADER = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)
_OWN_HEADERS = ("host", "content-length", "connection", "transfer-encoding")
"""Headers that the load generator sets, or that change how a message is read."""
_above_0 = unchanged(number(lambda value: value > 0, "a number above 0", exclusiveMinimum=0))
_share = unchanged(number(lambda value: 0 < value <= 1, "a number above 0 and up to 1"))
_status = unchanged(number(lambda value: 100 <= value <= 599 and value == int(value), "a status from 100 to 599"))


@shaped({"type": "string", "pattern": f"^{SEND.pattern}$"})
def _send(tree: Tree, path: str, report: Report) -> None:
    if not SEND.fullmatch(tree.written):
        report(tree, path, f"`{tree.written}` is no request; write METHOD /PATH, such as `GET /checkout`")


def _series(tree: Tree, path: str, report: Report) -> None:
    if not NAME.fullmatch(tree.written):
        report(tree, path, f"`{tree.written}` is not a valid name for a series; use letters, digits, `-`, `_` and `.`")


def _headers(tree: Tree, path: str, report: Report) -> None:
    dictionary(scalar)(tree, path, report)
    for name, value in tree.entries.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
            fact = "is set by the load generator; leave it out" if name.lower() in _OWN_HEADERS else "is no header name"
            report(value, join(path, name), f"`{name}` {fact}")
        elif not value.written.isprintable():
            report(value, join(path, name), "has a character that a header cannot have; write one printable line")


def _json_body(tree: Tree, path: str, report: Report) -> None:
    """A body is JSON unless a header gives its type."""
    body, headers = tree.at("body"), tree.at("headers")
    if body is None or not body.is_scalar or CONTENT_TYPE in map(str.lower, headers.entries if headers else ()):
        return
    try:
        json.loads(body.written)
    except ValueError as error:
        fix = "write JSON as one quoted text: '{\"key\": 1}', or give the header Content-Type"
        report(body, join(path, "body"), f"not JSON: {error}; {fix}")


def _shares(tree: Tree, path: str, report: Report) -> None:
    """Shares add up to 1; requests without a share have equal parts of the rest."""
    shares = [each.at("share") for each in tree.fields["requests"].items] if "requests" in tree.fields else []
    total = sum((share.number() or 0.0) for share in shares if share)
    if None in shares and total >= 1:
        report(tree, join(path, "requests"), f"the shares add up to {total:g}, so that nothing is left for the others")
    elif shares and None not in shares and abs(total - 1) > 1e-6:
        report(
            tree, join(path, "requests"), f"the shares add up to {total:g}; they must add up to 1, or leave some out"
        )


_answers: Mapping[str, Check] = {"headers": _headers, "status": _status, "timeout_s": _above_0}
_one_request = mapping({"send": _send}, {**_answers, "body": scalar, "share": _share, "series": _series}, _json_body)


@shaped({"oneOf": [schema_of(_send), schema_of(_one_request)]})
def _request(tree: Tree, path: str, report: Report) -> None:
    (_send if tree.is_scalar else _one_request)(tree, path, report)


@shaped({"oneOf": [{"const": AS_RECORDED}, {"type": "number", "exclusiveMinimum": 0}]})
def _rate(tree: Tree, path: str, report: Report) -> None:
    if tree.value != AS_RECORDED:
        unchanged(number(lambda value: value > 0, f"a number above 0 or `{AS_RECORDED}`"))(tree, path, report)


FORMS = {
    "requests": mapping({"rate": _above_0, "requests": sequence(_request, 1)}, {}, _shares),
    "openapi": mapping({"openapi": scalar, "operation": scalar, "rate": _above_0}, _answers),
    "access_log": mapping(
        {"access_log": scalar, "rate": _rate}, {**_answers, "methods": sequence(choice(*METHODS), 1)}
    ),
}
"""The shape of each form of a load, by the key that only it has."""


def kind_of(tree: Tree) -> str:
    """Which of the three forms an entry has; the first one if it has none."""
    return next((kind for kind in FORMS if kind in tree.fields), "requests")


@shaped({"oneOf": [schema_of(form) for form in FORMS.values()]})
def check(tree: Tree, path: str, report: Report) -> None:
    """Report every deviation of one entry of `loads:` from its shape."""
    if tree.entries and sum(kind in tree.fields for kind in FORMS) != 1:
        either(*FORMS)(tree, path, report)
    else:
        FORMS[kind_of(tree)](tree, path, report)
