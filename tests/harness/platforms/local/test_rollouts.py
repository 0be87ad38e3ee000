"""Rolling restarts of the real services under load."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from harness.platforms.local.platform import LocalPlatform
from tests.support.fakes import GOOD, ask

PERIOD_S = 0.02


@contextmanager
def load(host: str) -> Iterator[Counter[str]]:
    """Send requests to the gateway until the end of the block; yields the number of answers by status or error."""
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def request() -> None:
        try:
            seen[str(ask(host, "/v1/infer", GOOD).status)] += 1
        except OSError as error:
            seen[repr(error)] += 1

    def drive() -> None:
        with ThreadPoolExecutor(64) as threads:
            while not stop.wait(PERIOD_S):
                threads.submit(request)

    driver = threading.Thread(target=drive)
    driver.start()
    try:
        yield seen
    finally:
        stop.set()
        driver.join()


def roll(platform: LocalPlatform, *command: str) -> None:
    for argv in (("rollout", *command), ("rollout", "status", command[-1])):
        done = platform.kubectl(*argv, "-n", "production")
        assert done.status == 0, done.stderr


def test_rolling_restarts_lose_no_request(tmp_path: Path) -> None:
    platform = LocalPlatform(tmp_path / "platform")
    try:
        platform.up()
        platform.kubectl("scale", "deployment/inference", "--replicas=3", "-n", "production")
        roll(platform, "status", "deployment/inference")
        host = urlsplit(platform.url("api-gateway")).hostname
        assert host
        with load(host) as seen:
            roll(platform, "restart", "deployment/inference")
            roll(platform, "restart", "deployment/api-gateway")
            roll(platform, "undo", "deployment/inference")
    finally:
        platform.down()
    assert seen.keys() == {"200"}, seen
    logs = "".join(path.read_text() for path in (tmp_path / "platform" / "logs").rglob("*.log"))
    assert logs.count("stopped: everything in flight has finished") >= 7
    assert "cannot run" not in logs
