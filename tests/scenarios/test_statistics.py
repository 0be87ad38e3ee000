"""The generator's arithmetic: buckets, counts per slice, limits of the stream, settings from the environment."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from itertools import islice, pairwise
from math import inf
from pathlib import Path
from random import Random
from runpy import run_path
from statistics import mean, stdev

import pytest

from harness.stats.histogram import quantile_ms
from scenarios.generator import clock, histogram
from scenarios.generator.faults import FaultBoard, FaultError
from scenarios.generator.ledger import SLICE_S, UNFINISHED, Ledger
from scenarios.generator.plan import Arrivals, Plan, drawn, shared
from scenarios.generator.schedule import Rate, ScheduleError, parse, seeded
from scenarios.generator.settings import SettingsError, Share, duration_s, read_settings
from scenarios.generator.stream import Stream, StreamError


@pytest.mark.parametrize(
    ("latency_us", "bucket"),
    [(0, 0), (511, 511), (512, 512), (513, 512), (514, 513), (1023, 767), (1024, 768), (1_000_000, 3304)],
)
def test_bucket_numbers_match_the_contract(latency_us: int, bucket: int) -> None:
    assert histogram.index(latency_us) == bucket


def test_middle_of_a_bucket_is_close_to_every_latency_in_it() -> None:
    rng = Random(7)
    latencies = [int(2 ** rng.uniform(0, 27)) for _ in range(20_000)]
    assert all(abs(histogram.value_us(histogram.index(us)) - us) <= 0.002 * us for us in latencies)
    buckets = [histogram.index(us) for us in sorted(latencies)]
    assert buckets == sorted(buckets)
    assert len({histogram.shown_ms(bucket) for bucket in buckets}) == len(set(buckets))


def test_arrival_counts_in_the_slice_of_its_due_time() -> None:
    ledger, now_s = Ledger((100, 500)), clock.now()
    (ticket,) = ledger.due(["gateway"], now_s - 20)
    assert ledger.started((ticket,), now_s - 19.5)
    ledger.settle(ticket, now_s)
    ledger.settle(ticket, now_s, "timeout")  # the first fate counts
    (delta,) = ledger.take(now_s)
    assert delta == {
        "series": "gateway", "at": clock.epoch_s(now_s - 20) // SLICE_S * SLICE_S, "sent": 1, "ok": 1, "bad": {},
        "late": 1, "unsent": 0, "over": {"100": 1, "500": 1}, "hist": {str(histogram.index(20_000_000)): 1},
    }  # fmt: skip
    assert ledger.take(now_s) == []


def test_over_is_counted_once_and_as_soon_as_the_threshold_is_exceeded() -> None:
    ledger, now_s = Ledger((100, 500)), clock.now()
    slow, fast = ledger.due(["gateway", "tools"], now_s)
    assert [delta["over"] for delta in ledger.take(now_s + 0.05)] == [{}, {}]
    assert [delta["over"] for delta in ledger.take(now_s + 0.2)] == [{"100": 1}, {"100": 1}]
    ledger.settle(slow, now_s + 0.6)
    ledger.settle(fast, now_s + 0.3, "http_503")  # bad is worse than slow
    assert [delta["over"] for delta in ledger.take(now_s + 0.6)] == [{"500": 1}, {"500": 1}]


def test_arrivals_outstanding_at_the_end_are_unfinished_and_those_without_a_request_unsent() -> None:
    ledger, now_s = Ledger((500,)), clock.now()
    (sent,), (waiting,) = ledger.due(["gateway"], now_s), ledger.due(["gateway"], now_s)
    sent.went = True
    for ticket in (sent, waiting):
        ledger.settle(ticket, now_s, UNFINISHED)
    (delta,) = ledger.take(now_s)
    assert (delta["bad"], delta["over"], delta["hist"]) == ({"unfinished": 2}, {"500": 2}, {})
    assert (delta["unsent"], ledger.unsent["gateway"], ledger.unfinished["gateway"]) == (1, 1, 2)


def dues(text: str, rate: float, limit: int = 5_000, factor: float = 1.0) -> list[float]:
    """Return the first due times of a run that starts at 0."""
    return list(islice(parse(text).dues(seeded("arrivals", 1), 0.0, 0.0, Rate(rate, lambda: factor)), limit))


def test_poisson_schedule_keeps_its_rate_and_follows_a_surge() -> None:
    factor = 1.0
    arrivals = parse("poisson").dues(seeded("arrivals", 1), 0.0, 0.0, Rate(100, lambda: factor))
    calm = [next(arrivals) for _ in range(5_000)]
    assert calm[-1] == pytest.approx(50, rel=0.06)
    gaps = [later - earlier for earlier, later in pairwise(calm)]
    assert stdev(gaps) == pytest.approx(mean(gaps), rel=0.05)  # as it is for exponential gaps
    factor = 4.0
    surge = [next(arrivals) for _ in range(5_000)]
    assert surge[-1] - calm[-1] == pytest.approx(12.5, rel=0.06)
    assert dues("poisson", 100) == calm


def between(due_s: list[float], start_s: float, end_s: float) -> int:
    return sum(start_s + 1e-6 < due <= end_s + 1e-6 for due in due_s)


def test_ramp_steps_and_spike_change_the_rate() -> None:
    assert dues("constant", 4, limit=3) == [0.25, 0.5, 0.75]
    ramp = dues("constant ramp 0 1 10", 100)
    assert [between(ramp, 0, 5), between(ramp, 5, 10), between(ramp, 10, 11)] == [125, 375, 100]
    steps = dues("constant steps 10 1 2 4", 10)
    assert [between(steps, at, at + 10) for at in (0, 10, 20, 30)] == [100, 200, 400, 400]
    spike = dues("constant spike 5 10 2", 10)
    assert [between(spike, 0, 10), between(spike, 10, 12), between(spike, 12, 22)] == [100, 100, 100]
    assert dues("constant steps 1 1 0", 10)[10:] == [inf]  # then it is over
    assert [parse("constant ramp 1 3 10").profile.at(at) for at in (0, 5, 20)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("poisson", 100.0), ("constant ramp 0 1 20", 7.5 * 10), ("constant steps 15 1 2", 50.0 + 100.0),
        ("poisson spike 5 12 3", 20.0 + 150.0 + 50.0),
    ],
)  # fmt: skip
def test_expected_arrivals_are_the_rate_times_the_area_of_the_profile(text: str, expected: float) -> None:
    assert parse(text).expected(10, 20, 10) == pytest.approx(expected)


def test_later_piece_of_a_trace_continues_it(tmp_path: Path) -> None:
    (tmp_path / "trace").write_text("0\n0.5\n2\n3\n")
    schedule = parse(f"trace {tmp_path}/trace")
    assert list(schedule.dues(Random(1), 100.0, 100.0, Rate(1))) == [100.0, 100.5, 102.0, 103.0]
    assert list(schedule.dues(Random(1), 100.0, 101.0, Rate(1))) == [102.0, 103.0]
    assert list(schedule.dues(Random(1), 100.0, 101.0, Rate(1, lambda: 2.0))) == [101.5, 102.0]
    assert (schedule.expected(0, 2, 9), schedule.expected(2, 9, 9)) == (2, 2)


def test_trace_repeats_its_offsets_and_runs_faster_in_a_surge(tmp_path: Path) -> None:
    (tmp_path / "a trace.txt").write_text("0.5\n0.5\n2\n")
    assert dues(f"trace {tmp_path}/a trace.txt", 1000) == [0.5, 0.5, 2.0]
    assert dues(f"trace {tmp_path}/a trace.txt", 1000, factor=2) == [0.25, 0.25, 1.0]


@pytest.mark.parametrize(
    "text",
    ["", "often", "constant often", "constant ramp 1 2", "poisson spike -1 2 3", "poisson ramp x 1 2", "trace /none"],
)
def test_invalid_schedule_is_refused_with_the_list_of_valid_ones(text: str) -> None:
    with pytest.raises(ScheduleError, match="Valid: poisson or constant"):
        parse(text)


@pytest.mark.parametrize("schedule", ["poisson", "constant spike 3 1 1"])
def test_shares_of_all_workers_add_up_to_the_schedule(schedule: str) -> None:
    start_s = clock.epoch_s(clock.now())
    whole = Plan(start_s, start_s, 0, 200, schedule, {"0": 0})
    split = Plan(start_s, start_s, 0, 200, schedule, {"3": 0, "5": 1, "6": 2, "7": 3})  # indexes as they come to be
    shares = [owned(Arrivals(1, index, lambda: 1.0), split, 200) for index in (3, 5, 6, 7)]
    assert sorted(due for share in shares for due in share) == owned(Arrivals(1, 0, lambda: 1.0), whole, 800)
    assert owned(Arrivals(1, 4, lambda: 1.0), split, 1) == [inf]  # one that has no place sends nothing


@pytest.mark.parametrize("schedule", ["poisson", "constant spike 3 1 1"])
def test_drawn_shares_add_up_to_the_schedule_and_are_equal_in_any_short_time(schedule: str) -> None:
    start_s = clock.epoch_s(clock.now()) + 1
    plans = [shared(100, schedule, Share(place, 2, start_s)) for place in (0, 1)]
    shares = [owned(Arrivals(1, place, lambda: 1.0), plan, 400) for place, plan in enumerate(plans)]
    whole = owned(Arrivals(1, 0, lambda: 1.0), Plan(start_s, start_s, 0, 200, schedule, {"0": 0}), 800)
    assert sorted(due for share in shares for due in share) == whole, "every arrival once, at twice the rate of a share"
    places = [0 if due in set(shares[0]) else 1 for due in whole]
    blocks = [places[at : at + 8] for at in range(0, 800, 8)]
    assert all(sum(block) == 4 for block in blocks)
    assert len({tuple(block) for block in blocks}) > 30, "of the 70 possible orders, many are drawn"


def test_end_of_a_trace_ends_every_drawn_share() -> None:
    shares = [islice(drawn(iter([1.0, 2.0, 3.0, 4.0, 5.0]), place, 2, Random(3)), 12) for place in (0, 1)]
    finite = [[due for due in share if due < inf] for share in shares]
    assert sorted(due for share in finite for due in share) == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("text", ["0/2", "2/2@10", "a/2@10", "0/2@0", "0/2@10@3"])
def test_unusable_share_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=f"GAMEDAY_SHARE='{text}'"):
        read_settings({"GAMEDAY_SHARE": text})
    assert read_settings({"GAMEDAY_SHARE": "1/2@12.5"}).share == Share(1, 2, 12.5)


def owned(arrivals: Arrivals, plan: Plan, count: int) -> list[float]:
    arrivals.follow(plan)
    return [advanced(arrivals) for _ in range(count)]


def advanced(arrivals: Arrivals) -> float:
    due_s = arrivals.due_s
    arrivals.advance()
    return due_s


def test_edit_starts_a_new_piece_at_the_same_instant_for_all_workers() -> None:
    start_s = clock.epoch_s(clock.now())
    before = Plan(start_s, start_s, 0, 10, "constant", {"0": 0, "1": 1})
    after = Plan(start_s, start_s + 1.05, 1, 40, "constant", {"0": 0, "1": 1})
    merged: list[float] = []
    for index in (0, 1):
        arrivals = Arrivals(1, index, lambda: 1.0)
        arrivals.follow(before)
        arrivals.follow(after)
        merged += [advanced(arrivals) - clock.instant(start_s) for _ in range(25)]
    expected = [number / 10 for number in range(1, 11)] + [1.05 + number / 40 for number in range(1, 41)]
    assert sorted(merged) == pytest.approx(expected, abs=1e-6)


def test_harness_and_generator_agree_on_the_middle_of_a_bucket() -> None:
    for latency_us in (0, 300, 511, 512, 12_345, 1_005_000, 40_000_000):
        bucket = histogram.index(latency_us)
        assert quantile_ms({bucket: 1}, 0.95) == pytest.approx(histogram.value_us(bucket) / 1e3, rel=2e-3)
        assert quantile_ms({bucket: 1}, 0.95) == pytest.approx(latency_us / 1e3, rel=2e-3)


def test_stream_does_not_block_on_a_slow_reader_and_fails_when_its_buffer_is_full() -> None:
    read_fd, write_fd = os.pipe()
    stream = Stream(write_fd, buffer_bytes=100_000)
    line = {"text": "x" * 1000}
    for _ in range(100):  # more than a pipe holds
        stream.send(line)
    with pytest.raises(StreamError, match="behind"):
        stream.send({"text": "x" * 100_000})
    with pytest.raises(StreamError, match="not read"):
        stream.finish(0.01)
    os.close(read_fd)
    with pytest.raises(StreamError, match="cannot be written"):
        stream.send(line)
    os.close(write_fd)


def test_stream_keeps_all_lines_for_a_late_reader() -> None:
    read_fd, write_fd = os.pipe()
    stream = Stream(write_fd)
    for number in range(30):
        stream.send({"number": number, "text": "x" * 1000})
    stream.finish(1.0)
    os.close(write_fd)
    with os.fdopen(read_fd) as reader:
        assert [json.loads(line)["number"] for line in reader] == list(range(30))


def test_fault_ends_after_its_maximum_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    board, now_s = FaultBoard(("surge",)), clock.now()
    fault = board.apply({"name": "surge", "factor": 3, "max_duration_s": 10})
    board.apply({"name": "surge", "factor": 2, "max_duration_s": 20})
    assert board.product("surge", "factor") == 6
    monkeypatch.setattr(clock, "now", lambda: now_s + 15)
    assert board.product("surge", "factor") == 2
    board.revert(fault)
    board.revert_all()
    assert board.active() == []


@pytest.mark.parametrize(
    ("name", "numbers", "message"),
    [
        ("crowd", {}, "unknown fault 'crowd'"),
        ("surge", {"max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": True, "max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": float("nan"), "max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": 2, "max_duration_s": 1e9}, "needs max_duration_s"),
        ("surge", {"factor": 2, "max_duration_s": 1, "depth": 1}, "no parameter 'depth'"),
    ],
)
def test_invalid_fault_is_refused_with_a_reason(name: str, numbers: dict[str, object], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        FaultBoard(("surge",)).apply({"name": name, **numbers})


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"GAMEDAY_SEED": "x"}, "GAMEDAY_SEED='x'"),
        ({"GAMEDAY_DURATION_S": "0"}, "above 0"),
        ({"GAMEDAY_THRESHOLDS_MS": "500,fast"}, "GAMEDAY_THRESHOLDS_MS"),
        ({"GAMEDAY_ADMIN_PORT": "0"}, "without GAMEDAY_ADMIN_TOKEN"),
    ],
)
def test_unusable_variable_is_named_in_the_message(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_settings(environ)
    assert read_settings({}).thresholds_ms == (500,)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), ("1m30s", 90), ("90m", 5400), ("2h", 7200), ("1h20m", 4800), ("3h30m10s", 12610)],
)
def test_duration_is_read_as_locust_reads_it(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds == locusts_own(text)


def locusts_own(text: str) -> float:
    """Return the seconds that locust reads; by the path of its file, as an import of locust patches this process."""
    package = find_spec("locust")
    assert package is not None
    folder = Path((package.submodule_search_locations or [""])[0])
    return float(run_path(str(folder / "util" / "timespan.py"))["parse_timespan"](text))


def test_duration_may_be_a_fraction_of_a_second() -> None:
    assert (duration_s("1.05"), duration_s("0.5s")) == (1.05, 0.5)
