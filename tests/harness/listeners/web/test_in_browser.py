"""The page in a real browser: what it shows of a drill, what it sends, and axe-core.

With SCREENSHOTS_DIR set, a screenshot of each state is written there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.record.event import Event
from harness.record.incident import AlertHandled, AlertRaised, NoteTaken
from tests.support.browser import NEEDED, new_page, until
from tests.support.live_page import PLAN, Served, fill, served
from tests.support.pages import HOSTILE
from tests.support.simulated_drill import World, incident, ran

pytestmark = NEEDED
BY_HAND = {**PLAN, "by_hand": True}
CONTROLS = {
    "buttons": [
        {"action": "inject", "label": "Inject the fault", "enabled": False, "kind": "main"},
        {"action": "end-fault", "label": "End the fault", "enabled": True, "kind": "danger"},
        {"action": "reset", "label": "Reset", "enabled": True, "kind": ""},
    ],
    "hint": "Handle the alerts.", "link": {"port": 8089, "text": "locust's web UI"},
    "steps": True, "running": None, "alerts": True, "notes": True,
}  # fmt: skip


def handled(world: World, *events: Event) -> None:
    """Record further events while the runbook is executed."""
    respond = world._respond

    def responding() -> None:
        for event in events:
            world.record(event)  # type: ignore[arg-type]
            world.second()
        respond()

    world._respond = responding  # type: ignore[method-assign]


ALERT = AlertRaised(alert="1", priority="P0", text="availability 50 % of 99 %")
DONE = AlertHandled(alert="1", action="acknowledged", by="human")


def look(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        page.wait_for_timeout(500)  # until the picture has settled; nothing is judged by it
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def opened(page: Any, site: Served) -> list[str]:
    """Open the page by its first URL; return what its console says, and its errors, from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(site.page.url)
    page.wait_for_selector(".plot canvas")
    return said


def texts(page: Any, selector: str) -> list[str]:
    return [" ".join(each.inner_text().split()) for each in page.locator(selector).all()]


def test_the_page_shows_phases_levels_steps_alerts_and_the_verdict(tmp_path: Path) -> None:
    with served() as site, new_page(1280, 900) as page:
        world = World(tmp_path, incident)
        handled(world, ALERT, DONE, NoteTaken(by="Ann", text="looks calm"))
        fill(site.feed, world)
        said = opened(page, site)
        page.wait_for_selector("#verdict:visible")
        look(page, "page-wide")
        assert page.locator("#verdict").inner_text() == "PASSED"
        assert "stayed broken in the control run" in page.locator("#cause").inner_text()
        assert texts(page, "#phases .done")[-1] == "after-revert"
        assert texts(page, "#slis td[data-side=treatment].ok .text") == ["100 % (≥ 99.3)"]
        assert texts(page, "#slis td[data-side=control].failed .text")[0].startswith("50 %")
        assert "changed deployment/web replicas 1 -> 3" in texts(page, ".outcome")[0]
        clocks = texts(page, ".clock")
        assert clocks[0].startswith("acknowledge: met after 0:01"), clocks
        assert clocks[1].startswith("investigate: "), clocks
        assert any("note of Ann: looks calm" in each for each in texts(page, "#story li"))
        label = page.locator(".plot[aria-label]").first.get_attribute("aria-label")
        assert label == "treatment 0 %, control 50 %, objective availability(gateway) >= 99%"
        assert page.locator("#connection").inner_text() == "the run has ended"
        assert said == []


def test_markup_in_any_text_stays_text(tmp_path: Path) -> None:
    step = replace(ran("read", "kubectl logs deployment/web"), stdout=HOSTILE, stderr=HOSTILE, notes=(HOSTILE,))
    with served(plan=plan_with(HOSTILE)) as site, new_page(1280, 900) as page:
        world = World(tmp_path, incident, title=HOSTILE, steps=(step,), heals=False)
        handled(world, replace(ALERT, text=HOSTILE), NoteTaken(by=HOSTILE, text=HOSTILE))
        fill(site.feed, world)
        said = opened(page, site)
        page.wait_for_selector("#verdict:visible")
        look(page, "page-hostile")
        assert page.locator("main img, main script").count() == 0
        assert HOSTILE in page.locator(".outcome pre").first.inner_text()
        assert HOSTILE in page.locator(".alert").inner_text()
        assert said == []


def plan_with(text: str) -> Mapping[str, object]:
    """A plan whose texts are this one."""
    (drill,) = PLAN["drills"]  # type: ignore[misc]
    step = {**drill["steps"][0], "text": "kubectl logs deployment/web"}
    hostile = {"title": text, "symptoms": [{"line": 10, "text": text}], "dashboards": [{"line": 9, "text": text}]}
    return {**PLAN, "document": text, "drills": [{**drill, **hostile, "steps": [step]}]}


def test_what_a_person_does_is_sent_and_a_refusal_is_shown(tmp_path: Path) -> None:
    with served(plan=BY_HAND) as site, new_page(1280, 900) as page:
        world = World(tmp_path, incident)
        handled(world, ALERT)
        fill(site.feed, world, final=False)
        site.feed.put("controls", "controls", CONTROLS)
        opened(page, site)
        page.get_by_role("button", name="End the fault").click()
        page.get_by_role("button", name="Run line 30").click()
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_label("Text of the update, or reason").fill("we know")
        page.get_by_role("button", name="Post the update").click()
        until(page, lambda: page.locator("#alerts input").input_value() == "", "the end of the update")
        page.get_by_label("Note", exact=True).fill("calm")
        page.get_by_role("button", name="Keep the note").click()
        until(page, lambda: page.locator("#note-text").input_value() == "", "the end of the note")
        assert site.controls.done == [
            ("end-fault", {}), ("step", {"line": "30"}), ("acknowledge", {"text": ""}),
            ("update", {"text": "we know"}), ("note", {"by": "", "text": "calm"}),
        ]  # fmt: skip
        assert page.get_by_role("button", name="Inject the fault").is_disabled()
        site.controls.refusal = "the fault has ended <already>"
        page.get_by_role("button", name="End the fault").click()
        page.wait_for_selector("#error:visible")
        assert page.locator("#error").inner_text() == "end-fault: the fault has ended <already>"
        look(page, "page-by-hand")


def test_a_page_that_lost_its_connection_comes_back_and_has_everything(tmp_path: Path) -> None:
    with served(plan=BY_HAND) as site, new_page(1280, 900) as page:
        fill(site.feed, World(tmp_path, incident), final=False)
        opened(page, site)
        before = texts(page, "#story li")
        site.page.show({**BY_HAND, "document": "next.md"}).put("line/1", "line", line("begun again"))
        until(page, lambda: page.locator("#document").inner_text() == "next.md", "the next run")
        until(page, lambda: page.locator("#story li").count() == 1, "its first line")
        assert len(before) > 10
        assert texts(page, "#story li") == ["0.0 s · begun again"]
        assert page.locator("#verdict").is_hidden()


def line(text: str) -> dict[str, object]:
    return {"t": 1_000_000.0, "drill": "WEB", "mark": "info", "text": text}


def test_without_the_token_there_is_no_page() -> None:
    with served() as site, new_page(1280, 900) as page:
        assert page.goto(site.page.access.url).status == 403
        assert page.goto(site.page.url).status == 200
        assert "token" not in page.url
        assert page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "automatic"])
@pytest.mark.parametrize(
    ("width", "scheme", "name"), [(1280, "light", "wide"), (1280, "dark", "dark"), (390, "light", "phone")]
)
def test_axe_finds_nothing(by_hand: bool, width: int, scheme: str, name: str, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install -e '.[browser]'")
    with served(plan=BY_HAND if by_hand else PLAN) as site:
        world = World(tmp_path, incident)
        handled(world, ALERT, DONE)
        fill(site.feed, world, final=not by_hand)
        if by_hand:
            site.feed.put("controls", "controls", CONTROLS)
        with new_page(width, 844, color_scheme=scheme) as page:
            opened(page, site)
            page.wait_for_selector("#verdict:visible")
            look(page, f"axe-{'by-hand' if by_hand else 'automatic'}-{name}")
            found = axe.Axe().run(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert len(found.response["passes"]) > 10
    assert found.violations_count == 0, found.generate_report()
    assert overflow <= 0
