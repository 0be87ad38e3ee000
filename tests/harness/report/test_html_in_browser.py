"""The page of the report format `html` in a real browser: its plots, the values under the cursor, its width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.report.html import to_html
from tests.support.browser import NEEDED, new_page
from tests.support.simulated_drill import World, incident

pytestmark = NEEDED


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    path.write_text(to_html(World(folder, incident).run()), encoding="utf-8")
    return path


def opened(page: Any, file: Path) -> list[str]:
    """Open the file; return the list to which errors and requests for anything else are added."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda request: found.append(request.url) if request.url != file.as_uri() else None)
    page.goto(file.as_uri())
    page.wait_for_selector(".plot canvas")
    return found


PAINTED = """() => {
    const plots = [...document.querySelectorAll(".plot")];
    const colours = (canvas) => {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(data.buffer)).size;
    };
    return plots.length > 0 && plots.every((plot) => colours(plot.querySelector("canvas")) > 3);
}"""
"""Whether every plot has more colours than an empty one."""


def test_every_chart_is_drawn_without_an_error(file: Path) -> None:
    with new_page(1280, 900) as page:
        errors = opened(page, file)
        page.wait_for_function(PAINTED, timeout=10_000)
        assert errors == []


def test_values_follow_the_cursor(file: Path) -> None:
    with new_page(1280, 900) as page:
        opened(page, file)
        figure = page.locator("figure", has_text="gateway: bad arrivals")
        assert figure.locator(".value").all_text_contents() == ["", ""]
        box = figure.locator(".u-over").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
        page.wait_for_function("document.querySelector('figure .at').textContent.startsWith('at ')")
        assert all(text.endswith(" %") for text in figure.locator(".value").all_text_contents())


@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_not_wider_than_the_window(file: Path, width: int) -> None:
    with new_page(width, 844) as page:
        opened(page, file)
        assert page.evaluate("document.documentElement.scrollWidth") == width
