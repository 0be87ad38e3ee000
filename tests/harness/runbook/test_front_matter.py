"""The front matter of a document: its length, and the values of its keys."""

import pytest

from harness.runbook import front_matter


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("title: Slow API\nalert: ApiSlow", "Slow API"),
        ("alert: 'ApiSlow'", "ApiSlow"),
        ('page title: other\ntitle = "Slow API"', "Slow API"),
        ("title:\nalert: ApiSlow", "ApiSlow"),
        ("subtitle: no", ""),
    ],
)
def test_value_is_that_of_the_first_key_that_has_one(content: str, value: str) -> None:
    assert front_matter.value_of(content, "title", "alert") == value


@pytest.mark.parametrize("blanks", [" " * 300_000, " \t" * 150_000])
def test_a_long_row_of_blanks_is_read_once(blanks: str) -> None:
    """A pattern that looks at each blank again and again takes minutes for this."""
    assert front_matter.value_of(f"a{blanks}x\ntitle: T", "title") == "T"
    assert front_matter.length(["---", f"a{blanks}x", "---"]) == 0
    assert front_matter.length(["---", f"title{blanks}: T", "---"]) == 3
