"""How variants are named, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.comparison.variant import BaseUrl, Checkout, Environment, Image, Revision, Variant, parse, parse_pair
from harness.errors import ComparisonError


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("main", Revision("main")),
        ("origin/main~3", Revision("origin/main~3")),
        (".", Checkout(Path())),
        ("../other", Checkout(Path("../other"))),
        ("inference:", Environment("inference", {})),
        ("inference:A=1,B=x=y,C=a,b,D=", Environment("inference", {"A": "1", "B": "x=y", "C": "a,b", "D": ""})),
        ("image:shop/web:1.5", Image("shop/web:1.5")),
        ("image:shop@sha256:0a", Image("shop@sha256:0a")),
        ("http://127.0.0.1:8001/", BaseUrl("http://127.0.0.1:8001")),
        ("ws://localhost:80", BaseUrl("ws://localhost:80")),
    ],
)
def test_variant_of_a_text(text: str, variant: Variant) -> None:
    assert parse(text) == variant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no variant; give REVISION"),
        ("--upload-pack=x", "is no variant"),
        ("image:", "name an image as image:NAME:TAG"),
        ("image:--rm", "name an image as"),
        ("image:a b", "name an image as"),
        ("inference:A", "write variables as DEPLOYMENT:NAME=VALUE"),
        ("inference:1A=2", "write variables as"),
        ("http://example.com:80", "on this machine"),
        ("http://10.0.0.1:80", "on this machine"),
        ("http://127.0.0.1", "on this machine"),
        ("http://127.0.0.1:80/path", "on this machine"),
        ("https://127.0.0.1:80", "on this machine"),
        ("http://127.0.0.1:99999", "on this machine"),
    ],
)
def test_unusable_variant_is_refused(text: str, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        parse(text)


def test_variants_of_different_kinds_or_services_are_refused() -> None:
    assert parse_pair("main", ".") == (Revision("main"), Checkout(Path()))
    with pytest.raises(ComparisonError, match="`main` and `inference:A=1` are of different kinds"):
        parse_pair("main", "inference:A=1")
    with pytest.raises(ComparisonError, match="api-gateway and inference: give variables of one Deployment"):
        parse_pair("inference:A=1", "api-gateway:A=1")
