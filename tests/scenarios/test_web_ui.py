"""Locust's web UI in a real browser: the start form, the figures of a stall, an edit, a stop, a second start.

With SCREENSHOTS_DIR set, screenshots of each state are written there.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import NEEDED, new_page
from tests.support.network import free_port
from tests.support.scenarios import HttpServer
from tests.support.swarm import FAST, Swarm
from tests.support.waiting import wait_until

PATH = "/v1/infer"
pytestmark = NEEDED


@pytest.fixture
def page() -> Iterator[Any]:
    """Return a page of the system's chromium."""
    with new_page(1400, 1000) as page:
        yield page


def look(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        time.sleep(1)  # until the picture has settled; nothing is judged by it
        page.screenshot(path=f"{folder}/{name}.png")


def form(page: Any, button: str, **fields: object) -> None:
    """Fill in the scenario's parameters and submit the open form."""
    if not page.locator("input[name=rate]").is_visible():
        page.get_by_text("Custom parameters").click()
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(str(value))
    look(page, f"form-{button.lower()}")
    page.get_by_role("button", name=button, exact=True).click()


def cells(page: Any, row: str) -> list[str]:
    """Return the cells of a row of the statistics table, [] if it does not exist."""
    found = page.get_by_role("row").filter(has=page.get_by_role("cell", name=row, exact=True))
    return [cell.inner_text() for cell in found.first.get_by_role("cell").all()] if found.count() else []


def test_browser_starts_shows_edits_stops_and_restarts_a_run(page: Any, tmp_path: Path) -> None:
    with HttpServer() as server, Swarm(tmp_path, server.url, FAST) as swarm:
        page.goto(swarm.web)
        assert page.locator("input[name=host]").input_value() == server.url
        form(page, "Start", rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > 400, "two calm seconds")
        server.freeze(1.0)
        wait_until(lambda: server.requests[PATH] > 800, "the end of the stall")
        swarm.processes[1].send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # not waiting for anything: this is the hold-up of the generator itself
        swarm.processes[1].send_signal(signal.SIGCONT)
        wait_until(lambda: cells(page, "late") and int(cells(page, "late")[2]) > 150, "late arrivals in their own row")
        row = cells(page, PATH)
        assert cells(page, "Aggregated")[2] == row[2]
        assert 300 < float(row[5]) < 1000  # the 95th percentile, where the median is that of a fast server
        assert float(row[4]) < 50
        look(page, "statistics")
        page.get_by_role("tab", name="Charts").click()
        look(page, "charts")

        page.get_by_role("button", name="Edit", exact=True).click()
        form(page, "Update", rate=600)
        wait_until(lambda: rate_of(server) > 450, "the edited rate")
        page.get_by_role("button", name="Stop", exact=True).click()
        wait_until(lambda: rate_of(server) == 0, "the stop")
        page.get_by_role("button", name="New", exact=True).click()
        before = server.requests[PATH]
        form(page, "Start", rate=50)
        wait_until(lambda: server.requests[PATH] > before + 50, "a second run")
        page.get_by_role("tab", name="Statistics").click()
        wait_until(lambda: cells(page, PATH) and int(cells(page, PATH)[2]) < before, "counts from zero")
        page.get_by_role("tab", name="Logs").click()
        page.get_by_role("button", name=socket.gethostname()).last.click()  # the worker's logs unfold
        wait_until(page.get_by_text("the generator fell behind").first.is_visible, "the worker's warning")
        look(page, "logs")

        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="New", exact=True).click()
        form(page, "Start", host="http://127.0.0.1:9")
        page.get_by_role("tab", name="Statistics").click()
        wait_until(lambda: cells(page, "unsent") and int(cells(page, "unsent")[2]) > 50, "refused: in their own row")
        assert cells(page, "Aggregated")[2:4] == cells(page, PATH)[2:4]
        look(page, "unsent")


def percentile_95(page: Any) -> float:
    """Return a figure of the row of the requests, 0 while it is empty."""
    return float(row[5]) if (row := cells(page, PATH)) else 0.0


STOCK = """
import json, os
from locust import FastHttpUser, constant_throughput, task

class StockUser(FastHttpUser):
    wait_time = constant_throughput(10)

    @task
    def infer(self):
        body = json.dumps({"model": "small", "prompt": "explain the weather", "max_tokens": 16})
        self.client.post("/v1/infer", data=body, headers={"X-Tenant": "acme"})
"""


def test_only_our_user_class_shows_the_stall_and_a_stock_one_does_not(page: Any, tmp_path: Path) -> None:
    """Both send 200 requests/s to one server, which stalls for 2 s: 20 closed users, and open arrivals."""
    (tmp_path / "stock.py").write_text(STOCK)
    with HttpServer() as server, Swarm(tmp_path, server.url, FAST) as swarm:
        port = free_port()
        stock = f"http://127.0.0.1:{port}"
        where = ("--host", server.url, "--web-host", "127.0.0.1", "--web-port", str(port))
        swarm.launch("locust", "-f", "stock.py", "--users", "20", "--spawn-rate", "20", "--autostart", *where)
        wait_until(lambda: server.requests[PATH] > 20, "requests of the stock user class")
        swarm.start(rate=200, schedule="constant")
        wait_until(lambda: server.requests[PATH] > 3000, "eight calm seconds of both")
        server.freeze(2.0)
        theirs, ours = page, page.context.new_page()
        theirs.goto(stock)
        ours.goto(swarm.web)
        wait_until(lambda: server.requests[PATH] > 6000, "the stall, and the seconds after it")
        wait_until(lambda: 500 < percentile_95(ours) < 2000, "the true 95th percentile")
        wait_until(lambda: 0 < percentile_95(theirs) < 200, "a 95th percentile without the stall")
        assert percentile_95(theirs) < percentile_95(ours)
        for name, shown in (("stock", theirs), ("ours", ours)):
            look(shown, f"stall-{name}-statistics")
            shown.get_by_role("tab", name="Charts").click()
            look(shown, f"stall-{name}-charts")


def rate_of(server: HttpServer) -> float:
    """Return the requests per second, measured over half a second."""
    before, since_s = server.requests[PATH], time.monotonic()
    time.sleep(0.5)
    return (server.requests[PATH] - before) / (time.monotonic() - since_s)
