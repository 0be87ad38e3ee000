"""Alert rules of SLOs: their thresholds, what has no rule and why, and that promtool's tests notice a wrong rule."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness.conditions import parse
from harness.measures.promql import Indicator
from harness.rules import Rules, rules_of
from harness.rules.files import promtool_files, rules_file
from harness.slo import Slo
from harness.stats.burn import ROWS
from tests.support.gameday import gameday, in_process
from tests.support.paths import BINDINGS, RUNBOOK

INDICATORS = {
    "web": Indicator('requests_total{job="web"}', 'requests_total{job="web",status=~"5.."}', 'latency{job="web"}'),
    "refused": Indicator('requests_total{job="web"}', 'refusals_total{job="web",rule="new"}'),
}
DAY_S = 86400.0
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no program `promtool`")


def made(*conditions: str, window_s: float = 30 * DAY_S, runbooks: tuple[str, ...] = ("DOWN",)) -> Rules:
    slos = {text: (Slo(text.split("(")[0], parse(text), 0.99, window_s, ""), runbooks) for text in conditions}
    return rules_of(slos, INDICATORS, {"DOWN": "https://example.com/ops#down", "SLOW": ""}, "https://example.com/ops")


def test_the_burn_rates_are_those_of_the_workbook() -> None:
    assert [(row.severity, row.burn_rate(30 * DAY_S)) for row in ROWS] == [("P0", 14.4), ("P1", 6.0), ("P2", 1.0)]


@pytest.mark.parametrize(
    ("condition", "share"),
    [
        (
            "availability(web) >= 99%",
            '(sum(rate(requests_total{job="web",status=~"5.."}[5m])) or vector(0)) / '
            '(sum(rate(requests_total{job="web"}[5m])))',
        ),
        (
            "p95(web) < 500ms",
            '1 - (sum(rate(latency_bucket{job="web",le="0.5"}[5m]))) / (sum(rate(latency_count{job="web"}[5m])))',
        ),
        (
            "ratio(web, drops, sent_total + drops) < 1%",
            '(sum(rate(drops{deployment="web"}[5m])) or vector(0)) / '
            '(sum(rate(sent_total{deployment="web"}[5m])) + sum(rate(drops{deployment="web"}[5m])))',
        ),
    ],
)
def test_the_share_of_bad_events(condition: str, share: str) -> None:
    [each] = made(condition).slos
    assert each.share.over("5m") == share


def test_the_alerts_of_an_slo() -> None:
    groups = yaml.safe_load(rules_file(made("availability(web) >= 99%")))["groups"]
    recorded = [rule["record"] for rule in groups[0]["rules"] if "record" in rule]
    assert recorded == [f"slo:bad_share:rate{window}" for window in ("5m", "1h", "30m", "6h", "3d")]
    fast, _, slow, absent = (rule for rule in groups[0]["rules"] if "alert" in rule)
    assert fast["alert"] == "AvailabilityFastBurn"
    assert fast["expr"] == (
        'slo:bad_share:rate5m{slo="availability"} > 0.144 and slo:bad_share:rate1h{slo="availability"} > 0.144'
    )
    assert fast["labels"] == {"severity": "P0", "slo": "availability", "runbooks": "DOWN"}
    assert fast["annotations"]["runbook_url"] == "https://example.com/ops#down"
    assert slow["expr"].startswith('slo:bad_share:rate6h{slo="availability"} > 0.01 and ')
    assert (absent["expr"], absent["for"]) == ('absent(slo:bad_share:rate5m{slo="availability"})', "10m")


def test_an_slo_of_several_runbooks_links_the_document() -> None:
    [each] = made("availability(web) >= 99%", runbooks=("DOWN", "SLOW")).slos
    assert (each.runbook_url, each.runbooks) == ("https://example.com/ops", ("DOWN", "SLOW"))


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        ("count(web, accepted) == 0", "which arrivals of `web` are `accepted`, only the load knows"),
        ("error_rate(web, timeout) < 1%", "kinds of bad arrivals are known to the load only"),
        ("availability(other) >= 99%", "the bindings have no `bad` and `total` at indicators.other"),
        ("p95(other) < 1s", "the bindings have no `latency` at indicators.other"),
    ],
)
def test_what_has_no_rule_is_named(condition: str, fact: str) -> None:
    found = made(condition)
    assert found.slos == ()
    assert fact in found.notes[0]


def test_a_burn_that_no_share_reaches_is_named() -> None:
    found = made("availability(web) >= 90%")
    assert [alert.severity for alert in found.slos[0].alerts] == ["P1", "P2", "P2"]
    assert found.notes == (
        "availability: no P0 alert: 14.4 times the 0.1 of its target is no share of events; a slower burn has one",
    )


def judged(folder: Path, rules: Rules, change: Callable[[str], str] = str) -> subprocess.CompletedProcess[str]:
    """The answer of promtool to rules, of which `change` makes others, and to their tests."""
    (folder / "gameday.rules.yml").write_text(change(rules_file(rules)))
    files = promtool_files(rules, "gameday.rules.yml")
    for name, text in files.items():
        (folder / name).write_text(text)
    return subprocess.run(
        ["promtool", "test", "rules", *files], cwd=folder, capture_output=True, text=True, check=False
    )


@promtool
@pytest.mark.slow
@pytest.mark.parametrize(
    "condition",
    [
        "availability(web) >= 99%",
        "availability(refused) >= 99%",
        "p95(web) < 500ms",
        "ratio(web, drops, sent_total + drops) < 1%",
    ],
)
def test_promtool_accepts_the_rules(tmp_path: Path, condition: str) -> None:
    done = judged(tmp_path, made(condition))
    assert done.returncode == 0, done.stdout + done.stderr
    checked = ["promtool", "check", "rules", "gameday.rules.yml"]
    assert subprocess.run(checked, cwd=tmp_path, check=False, capture_output=True).returncode == 0


@promtool
@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("> 0.144 and", "> 0.5 and"),
        ('rate1h{slo="availability"} > 0.144', 'rate1h{slo="availability"} > 0.01'),
        ('slo:bad_share:rate5m{slo="availability"} > 0.144 and ', ""),
        ("[3d]", "[6h]"),
        ('status=~"5.."', 'status=~"2.."'),
        ("severity: P0", "severity: P1"),
    ],
)
def test_promtool_notices_a_wrong_rule(tmp_path: Path, before: str, after: str) -> None:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after)

    assert judged(tmp_path, made("availability(web) >= 99%"), change).returncode == 1


def test_the_command_prints_rules_and_writes_files(tmp_path: Path) -> None:
    done = in_process("rules", RUNBOOK, "--bindings", BINDINGS, "--url", "https://example.com/ops", cwd=tmp_path)
    assert done.returncode == 0
    names = [group["name"] for group in yaml.safe_load(done.stdout)["groups"]]
    assert names == [
        "slo: gateway latency", "slo: gateway availability", "slo: tool calls", "slo: valid requests accepted",
        "slo: dropped messages",
    ]  # fmt: skip
    assert "no rule: bad input accepted: condition `count(bad_input, accepted) == 0`: no alert rule" in done.stderr
    assert "https://example.com/ops#ws_overload-websocket-overload-management" in done.stdout
    written = in_process("rules", RUNBOOK, "--bindings", BINDINGS, "--out", "alerts", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert written.stdout.splitlines()[0] == "alerts/gameday.rules.yml"
    assert len(list((tmp_path / "alerts").iterdir())) == 4


def test_without_an_slo_that_has_a_rule_there_is_an_error(tmp_path: Path) -> None:
    text = BINDINGS.read_text().replace("slos/*.yaml", f"{BINDINGS.parent / 'slos'}/*.yaml")
    begin, end = text.index("# What the services themselves"), text.index("# Requests of users, sent")
    (tmp_path / "gameday.yaml").write_text(text[:begin] + text[end:])
    done = gameday("rules", RUNBOOK, "--bindings", "gameday.yaml", "--only", "TIMEOUT", cwd=tmp_path)
    assert done.returncode == 2
    assert "no SLO has an alert rule:" in done.stderr
    assert "the bindings have no `latency` at indicators.gateway" in done.stderr
