"""`gameday ui` in a real browser: a whole drill by hand in locust's Gameday tab, with real services and real load.

With SCREENSHOTS_DIR set, a screenshot of each state is written there.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.record.event import TREATMENT
from harness.record.events import LoadLost, ProcessStarted
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.journal import read_events
from tests.support.browser import NEEDED, new_page
from tests.support.browser import until as wait_until
from tests.support.gameday import Running, left, running
from tests.support.paths import BINDINGS, RUNBOOK

pytestmark = NEEDED
LIMIT_S = 240.0
"""A machine with other work is slow; nothing is judged by the time."""
ATTEMPTS = 5
"""Drills that may end at their baseline, on a machine with other work."""
SOON = "Acknowledge the alert within 1 second"
"""A deadline that no person can meet."""


def until(page: Any, condition: Callable[[], object], what: str) -> None:
    wait_until(page, condition, what, LIMIT_S)


def look(page: Any, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        page.wait_for_timeout(800)  # until the picture has settled; nothing is judged by it
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def ui(tmp_path: Path) -> Iterator[Running]:
    """`gameday ui` on free ports, with the shipped document, in which one deadline is a second."""
    document = tmp_path / "ops.md"
    text = RUNBOOK.read_text(encoding="utf-8")
    document.write_text(text.replace("Acknowledge the alert within 5 minutes", SOON), encoding="utf-8")
    words = ("ui", document, "--bindings", BINDINGS, "--only", "TIMEOUT", "--port", "0", "--locust-port", "0")
    with running(*words, cwd=tmp_path) as one:
        yield one


def first_url(ui: Running) -> str:
    ui.wait_for("token=")
    found = re.search(r"http\S+token=\S+", "".join(ui.lines))
    assert found is not None
    return found[0]


def tab_of(page: Any, ui: Running) -> Any:
    """Open the page, follow its link to locust, start the load there, and return the frame of the tab."""
    page.goto(first_url(ui))
    until(page, lambda: "Start the load" in page.locator("#hint").inner_text(), "locust's web UI")
    look(page, "ui-0-prepare")
    page.locator("#hint a").click()
    page.get_by_text("Gameday: runbook, service levels and alerts").wait_for()
    look(page, "ui-1-form")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("tab", name="Gameday").click()
    return page.frame_locator("iframe[title=Gameday]")


def at_baseline(page: Any, ui: Running) -> Any:
    """The frame of the tab when the fault can be injected. Where other work breaks the baseline, begin a new drill."""
    for _ in range(ATTEMPTS):
        tab = tab_of(page, ui)
        over = tab.get_by_role("button", name="New drill")
        injectable = tab.locator("[data-action=inject]:enabled")
        until(page, lambda over=over, injectable=injectable: injectable.count() or over.count(), "the baseline")
        if injectable.count():
            return tab
        over.click()
    raise AssertionError(f"the services were too slow without a fault, {ATTEMPTS} times: end other work")


def p95_ms(tab: Any, side: str) -> float:
    """The P95 latency of a side that the chart shows; 0 without one."""
    label = tab.locator(".plot").first.get_attribute("aria-label") or ""
    found = re.search(rf"{side} (\d+)", label)
    return float(found[1]) if found else 0.0


def run_dir(folder: Path) -> Path:
    """The newest one."""
    return max((folder / "runs").iterdir())


def workers(folder: Path) -> list[psutil.Process]:
    """The workers of the treatment's load that the record names, without locust itself."""
    started = [event for event in read_events(run_dir(folder) / "record.jsonl") if isinstance(event, ProcessStarted)]
    found = [psutil.Process(each.pid) for each in started if each.side == TREATMENT and each.name == "load"]
    return [each for each in found if "scenarios.worker" in each.cmdline()]


def test_a_drill_by_hand_from_the_load_to_the_verdict(ui: Running, tmp_path: Path) -> None:
    with new_page(1280, 900) as page:
        tab = at_baseline(page, ui)
        until(page, lambda: p95_ms(tab, "treatment") > 0, "figures of the load")
        look(page, "ui-2-baseline")
        tab.locator("[data-action=inject]").click()
        until(page, lambda: p95_ms(tab, "treatment") > 500, "a P95 above its objective")
        assert "objective p95(gateway) < 500ms" in tab.locator(".plot").first.get_attribute("aria-label")
        until(page, tab.locator("[data-act=acknowledge]").is_visible, "the response")
        until(page, lambda: "missed for" in tab.locator(".clock").first.inner_text(), "a missed deadline")
        look(page, "ui-3-alert")
        tab.locator("[data-act=acknowledge]").click()
        tab.locator("[data-act=investigate]").click()

        before, (gone, _) = p95_ms(tab, "control"), workers(tmp_path)
        gone.kill()
        for number, button in enumerate(tab.locator(".step button").all()):
            button.click()
            tab.locator(".step .outcome:not(:empty)").nth(number).wait_for(timeout=1000 * LIMIT_S)
            until(page, tab.locator(".step button:enabled").count, "the next step")
        assert "changed deployment/inference replicas 1 -> 3" in tab.locator("[data-line='36'] .outcome").inner_text()
        assert before > 0
        page.get_by_role("tab", name="Workers").click()
        page.get_by_text("missing", exact=True).first.wait_for()
        look(page, "ui-4-workers")
        page.get_by_role("tab", name="Gameday").click()
        until(page, lambda: 0 < p95_ms(tab, "treatment") < 500, "the recovery in the chart")
        tab.get_by_label("Text of the update, or reason").fill("scaled; P95 is down")
        tab.locator("[data-act=resolve]").click()
        until(page, tab.locator("#verdict").is_visible, "the verdict")
        look(page, "ui-5-verdict")
        verdict = tab.locator("#verdict").inner_text()
        assert tab.locator("#cause").inner_text()
        clocks = tab.locator(".alert").first.locator(".clock").all_inner_texts()
        assert clocks[0].startswith("acknowledge: missed, done after 0:"), clocks
        assert clocks[1].startswith("investigate: met after 0:"), clocks
        page.get_by_role("tab", name="Statistics").click()
        page.get_by_role("cell", name="/v1/infer", exact=True).first.wait_for()
    ui.process.send_signal(signal.SIGINT)
    status, text = ui.end(60)
    assert verdict.lower() == {0: "passed", 3: "inconclusive"}[status], "3: on a machine that is busy with other work"
    events = list(read_events(run_dir(tmp_path) / "record.jsonl"))
    assert [each for each in events if isinstance(each, AlertRaised)]
    done = {each.action for each in events if isinstance(each, AlertHandled) and each.by == "human"}
    assert done == {"acknowledged", "investigating", "resolved"}
    assert not [each for each in events if isinstance(each, LoadLost)], "the other worker goes on"
    assert "TIMEOUT" in text
    assert left(tmp_path) == []


def test_a_reset_begins_again_and_closing_the_terminal_ends_everything(ui: Running, tmp_path: Path) -> None:
    with new_page(1280, 900) as page:
        tab = at_baseline(page, ui)
        runs = len(list((tmp_path / "runs").iterdir()))
        tab.locator("[data-action=inject]").click()
        until(page, tab.locator("[data-action=end-fault]:enabled").count, "the fault")
        tab.locator("[data-action=reset]").click()
        until(page, lambda: "prepare" in tab.locator("#phases .now").all_inner_texts(), "the next drill")
        until(page, lambda: len(list((tmp_path / "runs").iterdir())) == runs + 1, "its run directory")
    ui.process.send_signal(signal.SIGHUP)
    status, text = ui.end(60)
    assert status == 3
    assert "INCONCLUSIVE" in text
    assert left(tmp_path) == []
