"""A platform that is up while the tests of one pytest process run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import app
from harness.bindings import FILE_NAME
from harness.errors import GamedayError
from harness.pytest_plugin.settings import platform_of


@contextmanager
def platform_up(config: pytest.Config, folder: Path) -> Iterator[app.UpResult]:
    """Start the platform in a folder, and end it after the block. Fails the test when it does not start.

    Its services are those of the `gameday.yaml` in the root of the project, if there is one.
    """
    choice, bound = platform_of(config), config.rootpath / FILE_NAME
    try:
        up = app.up(app.UpRequest(choice, folder, bound if bound.is_file() else None))
    except GamedayError as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield up
    finally:
        app.down(app.DownRequest(choice, folder))
