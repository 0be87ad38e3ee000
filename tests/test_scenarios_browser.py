"""Locust's web UI in a real browser: the start form, a stall in the numbers, an edit, a stop, a second start."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scenario_parts import HttpServer, eventually
from swarm_parts import FAST, Swarm

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATH = "/v1/infer"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine: apt-get install chromium"),
]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A page of the system's chromium. With SCREENSHOTS_DIR set its last look is kept there."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
        browser.close()


def look(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        time.sleep(1)  # until the picture has settled; nothing is judged by it
        page.screenshot(path=f"{folder}/{name}.png")


def form(page: Any, button: str, **fields: object) -> None:
    """Fills the scenario's parameters in, and sends the form that is open."""
    if not page.locator("input[name=rate]").is_visible():
        page.get_by_text("Custom parameters").click()
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(str(value))
    look(page, f"form-{button.lower()}")
    page.get_by_role("button", name=button, exact=True).click()


def cells(page: Any, row: str) -> list[str]:
    """The texts of a row of the statistics table, [] where there is none."""
    found = page.get_by_role("row").filter(has=page.get_by_role("cell", name=row, exact=True))
    return [cell.inner_text() for cell in found.first.get_by_role("cell").all()] if found.count() else []


def test_a_run_is_started_seen_edited_stopped_and_started_again_in_the_browser(page: Any, tmp_path: Path) -> None:
    with HttpServer() as server, Swarm(tmp_path, server.url, FAST) as swarm:
        page.goto(swarm.web)
        assert page.locator("input[name=host]").input_value() == server.url
        form(page, "Start", rate=200, schedule="constant")
        eventually(lambda: server.requests[PATH] > 400, "two calm seconds")
        server.freeze(1.0)
        eventually(lambda: server.requests[PATH] > 800, "the end of the stall")
        swarm.processes[1].send_signal(signal.SIGSTOP)
        time.sleep(1.0)  # not waiting for anything: this is the hold-up of the generator itself
        swarm.processes[1].send_signal(signal.SIGCONT)
        eventually(lambda: cells(page, "late") and int(cells(page, "late")[2]) > 150, "late arrivals in their own row")
        row = cells(page, PATH)
        assert cells(page, "Aggregated")[2] == row[2]
        assert 300 < float(row[5]) < 1000  # the 95th percentile, where the median is that of a fast server
        assert float(row[4]) < 50
        look(page, "statistics")
        page.get_by_role("tab", name="Charts").click()
        look(page, "charts")

        page.get_by_role("button", name="Edit", exact=True).click()
        form(page, "Update", rate=600)
        eventually(lambda: rate_of(server) > 450, "the edited rate")
        page.get_by_role("button", name="Stop", exact=True).click()
        eventually(lambda: rate_of(server) == 0, "the stop")
        page.get_by_role("button", name="New", exact=True).click()
        before = server.requests[PATH]
        form(page, "Start", rate=50)
        eventually(lambda: server.requests[PATH] > before + 50, "a second run")
        page.get_by_role("tab", name="Statistics").click()
        eventually(lambda: cells(page, PATH) and int(cells(page, PATH)[2]) < before, "counts from zero")


def rate_of(server: HttpServer) -> float:
    """Requests a second, over half a second."""
    before, since_s = server.requests[PATH], time.monotonic()
    time.sleep(0.5)
    return (server.requests[PATH] - before) / (time.monotonic() - since_s)
