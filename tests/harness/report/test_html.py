"""The report format `html`: one page that loads nothing, in which no text of a document becomes an element."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.html import to_html
from harness.verdict.gameday import GamedayResult
from harness.verdict.result import Verdict
from tests.support.pages import HOSTILE, Page
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import GONE, SCALE


def result_of(folder: Path, **parts: object) -> GamedayResult:
    return World(folder, incident, **parts).run()  # type: ignore[arg-type]


def test_page_shows_verdict_cause_and_evidence(tmp_path: Path) -> None:
    result = result_of(tmp_path)
    text = " ".join(Page(to_html(result)).visible.split())
    assert "WEB passed Web" in text
    assert result.drills[0].why[0] in text
    assert "availability(gateway) >= 99%" in text
    assert re.search(r"✓ still broken on the control, on which nothing was done: availability", text)
    assert "line 30: kubectl scale deployment web --replicas=3" in text


def test_failed_step_is_open_and_its_link_of_the_chain_is_failed(tmp_path: Path) -> None:
    result = result_of(tmp_path, steps=(GONE, SCALE))
    page = Page(to_html(result))
    assert result.drills[0].verdict is Verdict.FAILED
    assert [attributes for tag, attributes in page.elements if tag == "details" and not attributes.get("class")] == [
        {"open": None},
        {},
    ]
    assert "✗ 2 steps of the runbook, 1 of them failed or refused" in " ".join(page.visible.split())


def test_plotted_numbers_are_those_of_the_result(tmp_path: Path) -> None:
    result = result_of(tmp_path)
    page = Page(to_html(result))
    (drawn,) = [json.loads(text) for text in page.scripts if text.startswith("{")]
    charts = result.drills[0].charts.charts
    assert [each["title"] for each in drawn["plots"]] == [each.title for each in charts]
    assert [curve["values"] for curve in drawn["plots"][0]["curves"]] == [list(line.values) for line in charts[0].lines]
    plots = [attributes for tag, attributes in page.elements if "plot" in (attributes.get("class") or "").split()]
    assert len(plots) == len(charts)
    assert all(attributes["data-of"] == drawn["id"] for attributes in plots)


def test_text_of_a_document_stays_text(tmp_path: Path) -> None:
    plain = result_of(tmp_path)
    (drill,) = plain.drills
    facts = replace(drill.steps[0].facts, text=HOSTILE, bound=HOSTILE, stdout=HOSTILE, notes=(HOSTILE,))
    marks = tuple(replace(mark, text=HOSTILE) for mark in drill.charts.marks)
    hostile = replace(
        drill, runbook=f"WEB{HOSTILE}", title=HOSTILE, fault=HOSTILE, why=(HOSTILE,), findings=(HOSTILE,),
        steps=(replace(drill.steps[0], facts=facts),), draw=lambda: replace(drill.charts, marks=marks),
    )  # fmt: skip
    page, harmless = Page(to_html(replace(plain, document=HOSTILE, drills=(hostile,)))), Page(to_html(plain))
    for tag in ("script", "img", "style", "link", "iframe"):
        assert page.count(tag) == harmless.count(tag), tag
    assert page.visible.count(HOSTILE) >= 6
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_page_loads_nothing_and_says_so(tmp_path: Path) -> None:
    page = Page(to_html(result_of(tmp_path)))
    links = [attributes.get("src") or attributes.get("href") or "#" for _, attributes in page.elements]
    assert all(link.startswith("#") for link in links)
    (policy,) = [each["content"] for tag, each in page.elements if tag == "meta" and "http-equiv" in each]
    assert (policy or "").startswith("default-src 'none'; ")


@pytest.mark.parametrize("rate", [1, 100])
def test_page_is_small(tmp_path: Path, rate: int) -> None:
    assert len(to_html(result_of(tmp_path, rate=rate)).encode()) < 300_000
