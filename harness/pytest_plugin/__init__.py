"""Drills as tests: a pytest plugin with the fixtures `drill` and `gameday_platform`, and the marker `runbook`.

pytest imports this module in every project whose environment has the package. So it imports nothing but pytest; its
parts are imported by the first test that uses them. docs/how-to/pytest.md shows its use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.app import UpResult
    from harness.pytest_plugin.drills import Drill

_MARKER = (
    "runbook(path, only=(), bindings=None, allow_inconclusive=False, strict=False): what the fixture `drill` runs; "
    "`path` is relative to the root of the project"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings of the drills."""
    group = parser.getgroup("gameday", "drills of runbooks")
    group.addoption("--gameday-platform", metavar="NAME", help="platform of the drills (gameday_platform, local)")
    group.addoption("--gameday-out", metavar="DIR", help="folder of the run directories (default: pytest's temporary)")
    parser.addini("gameday_platform", "platform of the drills", default="local")
    parser.addini("gameday_parallel", "drills at a time, of all pytest processes of this user", default="1")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test with the marker and without the fixture: it would pass without a drill."""
    if item.get_closest_marker("runbook") and "drill" not in getattr(item, "fixturenames", ()):
        pytest.fail("the marker `runbook` needs the fixture `drill`: add it as an argument, and call it", pytrace=False)


@pytest.fixture
def drill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """Function that runs the drills of the marker `runbook`, and fails the test unless they pass."""
    from harness.pytest_plugin.drills import Drill  # noqa: PLC0415

    made = Drill(request.node, tmp_path_factory)
    yield made
    made.check_called()


@pytest.fixture(scope="session")
def gameday_platform(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpResult]:
    """A platform that is up for the tests of this process: `urls` of its services, environment of its `kubectl`."""
    from harness.pytest_plugin.platform import platform_up  # noqa: PLC0415

    with platform_up(pytestconfig, tmp_path_factory.mktemp("platform")) as up:
        yield up
