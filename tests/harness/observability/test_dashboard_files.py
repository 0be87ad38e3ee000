"""Dashboards as files: the shipped ones are what the builder makes, with the titles of the runbook."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path
from types import ModuleType

import pytest

from harness.errors import MonitoringError
from harness.observability.api import Api
from harness.observability.boards import Window
from harness.observability.dashboard_files import check_file, dashboards_in
from harness.observability.panels import queries_of
from harness.observability.prometheus import Prometheus
from harness.runbook import reader
from tests.support.answering import Asked, answering
from tests.support.grafana import dashboard
from tests.support.paths import ROOT, RUNBOOK

SHIPPED = ROOT / "deploy" / "grafana" / "dashboards"


def builder() -> ModuleType:
    pytest.importorskip("grafana_foundation_sdk", reason="the extra `observability` is not installed")
    spec = importlib.util.spec_from_file_location("grafana_dashboards", ROOT / "ci" / "grafana_dashboards.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_shipped_dashboards_are_those_of_the_runbook() -> None:
    lines = [board for book in reader.read(RUNBOOK).runbooks for board in book.dashboards]
    documented = {board.name for board in lines if board.system == "Grafana"}
    shipped = {str(each["title"]) for _, each in dashboards_in(SHIPPED).values()}
    assert shipped == documented
    assert all(len(queries_of(each)) >= 4 for _, each in dashboards_in(SHIPPED).values())


def test_the_files_are_what_the_builder_makes() -> None:
    made = builder()
    for title in made.DASHBOARDS:
        assert (SHIPPED / f"{made.file_name(title)}.json").read_text() == made.built(title), (
            "run ci/grafana_dashboards.py"
        )


def test_a_file_is_checked_by_a_prometheus(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text(json.dumps(dashboard("Web Dashboard", "a")))

    def answer(asked: Asked) -> tuple[int, object]:
        values = [[1.0, "1"], [2.0, "NaN"], [3.0, "5"]] if asked.query["query"] == "a" else []
        vector = {"resultType": "scalar", "result": [1.0, str(time.time())]}
        matrix = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
        return 200, {"status": "success", "data": matrix if "range" in asked.path else vector}

    with answering(answer) as server:
        prometheus = Prometheus(Api("Prometheus", server.url, ""))
        good = check_file(prometheus, tmp_path, "web dashboard", Window(1.0, 3.0))
        (tmp_path / "web.json").write_text(json.dumps(dashboard("Web Dashboard", "a", "renamed")))
        renamed = check_file(prometheus, tmp_path, "Web Dashboard", Window(1.0, 3.0))
        absent = check_file(prometheus, tmp_path, "Shop Dashboard", Window(1.0, 3.0))
    assert good.verdict == "ok"
    assert "of web.json (no Grafana was asked): its 1 query has data in the incident, and 1 moved" in good.why
    assert renamed.verdict == "failed"
    assert "panel `panel 2`: `renamed` has no data in the incident" in renamed.why
    assert (absent.verdict, absent.why) == ("failed", f"no file in {tmp_path} has a dashboard titled `Shop Dashboard`")


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text("{")
    with pytest.raises(MonitoringError, match=r"web\.json: no dashboard in JSON"):
        dashboards_in(tmp_path)
