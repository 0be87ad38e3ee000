"""docs/reference/lint-rules.md is what the registry says."""

from __future__ import annotations

from ci.lint_rules_page import PAGE, page
from tests.support.paths import ROOT


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text() == page(), f"run `python -m ci.lint_rules_page` and commit {PAGE}"
