"""The system's chromium, driven by playwright."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDED = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine: apt-get install chromium"),
]
"""Marks of the tests that need a browser."""


@contextmanager
def new_page(width: int, height: int, **options: Any) -> Iterator[Any]:
    """Give a page of a new browser with a window of this size; `options`: those of playwright's `new_context`."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
        browser.close()


def until(page: Any, condition: Callable[[], object], what: str, limit_s: float = 30.0) -> None:
    """Wait until something is true of a page, which is asked five times a second. A strict policy of the page forbids
    that the browser itself waits for an expression."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not within {limit_s:g} s: {what}"
        page.wait_for_timeout(200)
