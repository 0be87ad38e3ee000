"""Fixture of the tests of the services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fakes import Pods


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    """Start a fork server on a subnet of its own; end it, and its pods, after the module's last test."""
    pods = Pods(tmp_path_factory.mktemp("pods"))
    yield pods
    pods.end()
