"""An operation of an OpenAPI document becomes a request, from its examples; what has none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings.loads import LoadRequest
from harness.bindings.loads.openapi import request_of
from harness.errors import BindingError
from harness.schema.tree import read
from tests.harness.bindings.loads.test_reader import bound

API = """\
openapi: 3.1.0
servers: [{url: 'https://{env}.example.com/v1', variables: {env: {default: live}}}]
paths:
  /items/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, example: a/b}}
    get:
      operationId: getItem
      parameters:
        - {$ref: '#/components/parameters/limit'}
        - {name: verbose, in: query, required: true, schema: {type: boolean, default: true}}
        - {name: unneeded, in: query, schema: {type: string}}
        - {name: X-Tenant, in: header, required: true, examples: {first: {value: acme}}}
        - {name: session, in: cookie, required: true, schema: {enum: [s1, s2]}}
    put:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
  /forms:
    post:
      operationId: sendForm
      requestBody: {content: {application/x-www-form-urlencoded: {example: {name: a b, ok: true}}}}
  /elsewhere: {$ref: 'other.yaml#/paths/x'}
components:
  parameters:
    limit: {name: limit, in: query, required: true, content: {text/plain: {example: 5}}}
  schemas:
    Item:
      type: object
      required: [sku, price, tags]
      properties:
        sku: {type: string}
        price: {$ref: '#/components/schemas/Price'}
        tags: {type: array, items: {type: string, example: new}}
        note: {type: string}
    Price:
      allOf:
        - {type: object, required: [cents], properties: {cents: {type: integer}}}
        - {$ref: '#/components/schemas/Loop'}
    Loop: {type: object, required: [next], properties: {next: {$ref: '#/components/schemas/Loop'}}}
"""


def request(operation: str, *changes: tuple[str, str]) -> tuple[LoadRequest | None, list[str]]:
    """The request of an operation of the changed document, and the problems."""
    text = API
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    problems: list[str] = []
    return request_of(read(text, "api.yaml")[0], operation, problems.append), problems


def test_parameters_get_their_examples_below_the_path_of_the_server() -> None:
    found, problems = request("getItem")
    assert (found, problems) == (
        LoadRequest("GET", "/v1/items/a%2Fb?limit=5&verbose=true", {"X-Tenant": "acme", "Cookie": "session=s1"}), [],
    )  # fmt: skip


def test_every_part_without_an_example_is_named() -> None:
    _, problems = request("PUT /items/{id}")
    parameter, body = problems[0], problems[-1]
    assert parameter.startswith(
        "api.yaml:16:20: parameter `id` (in path) has no example; add `example:` at api.yaml:16:"
    )
    assert body.startswith(
        "api.yaml:18:9: the body (application/json) at `sku` has no example; add `example:` at api.yaml:"
    )
    assert "at `price.cents` has no example" in body
    assert "note" not in body


def test_body_is_put_together_from_the_examples_of_what_it_requires() -> None:
    found, problems = request(
        "PUT /items/{id}",
        ("schema: {type: integer}}]", "example: 7}]"),
        ("sku: {type: string}", "sku: {type: string, example: x1}"),
        ("cents: {type: integer}", "cents: {type: integer, examples: [99]}"),
        ("Loop: {type", "Loop: {example: {next: null}, type"),
    )
    assert problems == []
    assert found is not None
    assert (found.path, found.body) == (
        "/v1/items/7",
        '{"sku": "x1", "price": {"cents": 99, "next": null}, "tags": ["new"]}',
    )


def test_form_is_encoded_and_has_its_type() -> None:
    found, problems = request("sendForm")
    assert problems == []
    assert found is not None
    assert (found.body, found.headers) == ("name=a+b&ok=true", {"Content-Type": "application/x-www-form-urlencoded"})


@pytest.mark.parametrize(
    ("operation", "change", "problem"),
    [
        ("getItems", ("", ""), "there is no operation `getItems`; there are getItem, PUT /items/{id}, sendForm"),
        ("getItem", ("openapi: 3.1.0", "swagger: '2.0'"), "api.yaml:1:1: no OpenAPI 3 document (`openapi: missing`)"),
        ("getItem", ("parameters/limit'", "parameters/limits'"), "refers to `#/components/parameters/limits`, which"),
        ("getItem", ("#/components/parameters/limit'", "more.yaml#/limit'"), "`more.yaml#/limit`, another file"),
        ("getItem", ("example: a/b", "minLength: 1"), "parameter `id` (in path) has no example"),
        ("getItem", ("/items/{id}:", "/items/{id}/{part}:"), "`/v1/items/a%2Fb/{part}"),
        ("getItem", ("value: acme", r'value: "a\nb: c"'), "header `X-Tenant` has a character that a header"),
        ("getItem", ("default: true", "example: {a: 1}"), "parameter `verbose` (in query) is an object, which cannot"),
        ("sendForm", ("{name: a b, ok: true}", "[1]"), None),
    ],
)  # fmt: skip
def test_problem_is_named(operation: str, change: tuple[str, str], problem: str | None) -> None:
    _, problems = request(operation, change)
    assert [problem in each for each in problems] == ([True] if problem else []), problems


def test_load_of_an_operation_takes_status_headers_and_timeout_of_its_entry(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(API, encoding="utf-8")
    entry = "{openapi: api.yaml, operation: getItem, rate: 10, headers: {x-tenant: b}, status: 206, timeout_s: 3}"
    spec = bound(tmp_path, entry)
    (found,) = spec.requests
    assert (found.headers, found.good, found.timeout_s) == ({"Cookie": "session=s1", "x-tenant": "b"}, (206, 206), 3.0)
    assert spec.text == "10/s: GET /v1/items/a%2Fb?limit=5&verbose=true (getItem of api.yaml)"


def test_problem_of_the_document_names_the_place_in_both_files(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(API.replace("example: a/b", "minLength: 1"), encoding="utf-8")
    with pytest.raises(BindingError) as refused:
        bound(tmp_path, "{openapi: api.yaml, operation: getItem, rate: 10}")
    (line,) = str(refused.value).split("\n")[:-1]
    place = f"{tmp_path}/gameday.yaml:5:44: loads.checkout.operation: {tmp_path}/api.yaml:6:9: parameter `id` (in path)"
    assert line.startswith(place)
