"""How many processes run the tests, and where they keep the registry of runs."""

import os
from collections.abc import Iterator

import pytest

MOST = 8


def pytest_xdist_auto_num_workers() -> int:
    """Return twice as many processes as there are cores: tests wait for processes and sockets half of the time."""
    return min(2 * (os.cpu_count() or 1), MOST)


@pytest.fixture(scope="session", autouse=True)
def registry_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the registry of the tests' runs apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
