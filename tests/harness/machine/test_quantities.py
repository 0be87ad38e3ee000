"""Kubernetes quantities as numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.machine.quantities import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", "0.25"),
        ("2", "2"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        (512, "512"),
        ("1G", "1000000000"),
        ("128Mi", "134217728"),
        ("1.5Ki", "1536"),
        ("50n", "0.00000005"),
    ],
)
def test_quantity_is_a_number_of_cores_or_bytes(text: object, value: str) -> None:
    assert parse(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "many", "-1", "1X", "1.2.3", None])
def test_text_that_is_no_quantity_has_no_value(text: object) -> None:
    assert parse(text) is None
