"""All pages in a real browser under axe-core, the rules by which browsers and auditors check accessibility."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report.html import to_html
from tests.harness.report.pages.test_in_browser import compared, listed, regressed
from tests.support.browser import NEEDED, new_page
from tests.support.simulated_drill import SIDES, World, incident

pytestmark = NEEDED


def passed(folder: Path) -> str:
    return to_html(World(folder, incident).run())


def failed(folder: Path) -> str:
    """A drill whose runbook does not heal, and that broke a probe."""
    world = World(folder, incident, heals=False)
    world.requests = lambda side, responding_s: {"tools": "HTTP 502" if side == SIDES[0] and responding_s else ""}
    return to_html(world.run())


PAGES = [passed, failed, lambda _: compared(), lambda _: regressed(), lambda _: listed()]
NAMES = ["passed drill", "failed drill", "comparison", "regression", "history"]


@pytest.mark.parametrize("page_of", PAGES, ids=NAMES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing(page_of: Callable[[Path], str], width: int, scheme: str, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -e '.[browser]'")
    file = tmp_path / "page.html"
    file.write_text(page_of(tmp_path), encoding="utf-8")
    with new_page(width, 844, color_scheme=scheme) as page:
        page.goto(file.as_uri())
        page.wait_for_selector(".plot canvas")
        found = axe.Axe().run(page)
    assert len(found.response["passes"]) > 10
    assert found.violations_count == 0, found.generate_report()
