"""The JSON Schema of the record and its reference page, against the events and whole records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from harness.record.codec import KINDS, FormatError, fields_of, from_json, kind_of, plain, to_json
from harness.record.event import Event
from harness.record.schema import record_schema
from tests.support.events import EVERY_KIND, sealed, simulated_record
from tests.support.record_reference import PAGE, with_tables

VALIDATOR = Draft202012Validator(record_schema())


def test_schema_is_valid_draft_2020_12() -> None:
    Draft202012Validator.check_schema(record_schema())


def test_every_line_of_a_simulated_run_matches_the_schema(tmp_path: Path) -> None:
    lines = simulated_record(tmp_path).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 80
    assert [line for line in lines if not VALIDATOR.is_valid(json.loads(line))] == []


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: kind_of(type(event)))
def test_every_kind_of_event_matches_the_schema(event: Event) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(sealed([to_json(event)])[0]))] == []


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: kind_of(type(event)))
def test_schema_and_reader_refuse_the_same_changes_of_a_line(event: Event) -> None:
    whole = json.loads(json.dumps(to_json(event)))
    for changed in _changes(whole):
        assert not VALIDATOR.is_valid({"seq": 1, **changed, "sum": "0" * 16}), changed
        with pytest.raises(FormatError):
            from_json(changed)


def _changes(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The object with one field missing, of a type that no field has, or too many."""
    without = [{name: whole[name] for name in whole if name != left_out} for left_out in whole]
    mistyped = [{**whole, name: [[0]]} for name in whole]
    return [*without, *mistyped, {**whole, "extra": 1}, {**whole, "event": "lunch"}]


def test_every_field_has_a_meaning_that_fits_a_table_cell() -> None:
    for cls in KINDS.values():
        for name, hint in fields_of(cls).items():
            meaning = plain(hint)[1]
            assert 0 < len(meaning) <= 110, f"{cls.__name__}.{name}"
            assert "|" not in meaning, f"{cls.__name__}.{name}"


def test_reference_page_lists_every_event_and_field() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "run `python -m tests.support.record_reference`"
