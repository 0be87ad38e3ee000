"""The files that come with the harness, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import shipped
from harness.errors import MachineError

PROJECT = Path(__file__).resolve().parents[2]


def test_checkout_finds_shipped_files_at_its_top_level() -> None:
    assert shipped.path("deploy/base") == PROJECT / "deploy" / "base"
    assert shipped.path("runbooks/operations.md") == PROJECT / "runbooks" / "operations.md"
    assert shipped.package("fakes") == PROJECT / "fakes"


def test_missing_file_is_an_error_with_its_path_and_the_next_action() -> None:
    with pytest.raises(MachineError) as error:
        shipped.path("deploy/none.yaml")
    expected = (
        f"{PROJECT}/deploy/none.yaml: missing from this installation of the gameday; install runbook-gameday again"
    )
    assert str(error.value) == expected
