"""A platform that is up while the tests of one pytest process run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import app
from harness.errors import GamedayError
from harness.pytest_plugin.settings import platform_of


@contextmanager
def platform_up(config: pytest.Config, folder: Path) -> Iterator[app.UpResult]:
    """Start the platform in a folder of its own, and end it after the block. Fails the test when it does not start."""
    choice = platform_of(config)
    try:
        up = app.up(app.UpRequest(choice, folder))
    except GamedayError as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield up
    finally:
        app.down(app.DownRequest(choice, folder))
