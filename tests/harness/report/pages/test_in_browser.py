"""The pages of comparisons, regressions and histories in a real browser: drawn without an error, not too wide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.comparison.judge import judge_comparison
from harness.history.baseline import Baseline
from harness.history.profile import measured
from harness.history.regression import judge
from harness.report.pages import comparison, history, regression
from tests.support.browser import NEEDED, new_page
from tests.support.duets import duet, served
from tests.support.history import noisy, run

pytestmark = NEEDED
RUNS = [*noisy(15)][::-1]


def compared() -> str:
    return comparison.to_html(judge_comparison(list(duet(served(100), served(104), seconds=60))))


def regressed() -> str:
    pinned = tuple(each for entry in RUNS for each in measured(entry))
    return regression.to_html([judge(measured(run(50, 130.0)), [Baseline(pinned[0].profile, pinned, 0.0)])])


def listed() -> str:
    return history.to_html(RUNS, [])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page_of", [compared, regressed, listed])
def test_page_is_drawn_and_fits_the_window(page_of: Callable[[], str], width: int, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page_of(), encoding="utf-8")
    found: list[str] = []
    with new_page(width, 844) as page:
        page.on("console", lambda message: found.append(message.text))
        page.on("pageerror", lambda error: found.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector(".plot canvas")
        assert page.locator(".plot").count() == page.locator(".plot canvas").count()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        box = page.locator(".u-over").first.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
        page.wait_for_function("document.querySelector('figure .at').textContent.startsWith('at ')")
    assert found == []
