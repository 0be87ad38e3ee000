"""How many processes run the tests."""

import os

MOST = 8


def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are cores: tests wait for processes and sockets a quarter of the time."""
    return min((os.cpu_count() or 1) + 1, MOST)
