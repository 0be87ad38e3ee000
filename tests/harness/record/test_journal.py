"""Writing and reading the record's file: versions, damaged lines, and consumers of its events."""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.app import ReportRequest, report
from harness.record.codec import to_json
from harness.record.event import TREATMENT, Event
from harness.record.events import HostSampled, LoadCounted, RunEnded, RunStarted
from harness.record.journal import Journal, JournalError, read_events
from harness.verdict.result import Verdict
from tests.support.events import EVERY_KIND, sealed, simulated_record

HEADER = RunStarted(document="ops.md", drills=())


def test_written_events_are_read_back_with_the_time_of_writing(tmp_path: Path) -> None:
    times_s = iter(range(1000, 2000))
    journal = Journal(tmp_path / "record.jsonl", clock=lambda: float(next(times_s)))
    written = [journal.write(event) for event in EVERY_KIND]
    journal.close()
    assert list(read_events(journal.path)) == written
    assert [event.t_s for event in written] == [1000.0 + n for n in range(len(EVERY_KIND))]


def test_inbox_gets_every_event_in_the_order_of_the_file(tmp_path: Path) -> None:
    journal, received = Journal(tmp_path / "record.jsonl", clock=lambda: 1000.0), list[Event]()
    journal.write(HEADER)
    journal.deliver_to(received.append)
    for event in EVERY_KIND[1:]:
        journal.write(event)
    journal.close()
    assert received == list(read_events(journal.path))[1:]


def test_write_after_close_raises(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "record.jsonl")
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match=r"record\.jsonl: the record cannot be written"):
        journal.write(HEADER)


def lines_of(*events: Event) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(to_json(event))) for event in events]


def write_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join(sealed(lines)))
    return path


OLD = {"ev": "gameday", "t": 1.0, "document": "ops.md", "drills": ["WEB"], "findings": [], "procedures": []}


@pytest.mark.parametrize(
    ("first", "found"),
    [
        (OLD, "has no format version"),
        ({**lines_of(HEADER)[0], "version": 1}, "has format version 1"),
        ({**lines_of(HEADER)[0], "version": 3, "moon": "full"}, "has format version 3"),
        ({**lines_of(HEADER)[0], "version": "2"}, "has format version '2'"),
        ("[]\n", "has no format version"),
    ],
)
def test_record_of_another_version_is_refused_with_the_version_found(tmp_path: Path, first: object, found: str) -> None:
    record = write_lines(tmp_path / "record.jsonl", first, *lines_of(RunEnded()))
    advice = "this gameday reads version 2: judge it with the release that wrote it, or repeat the run"
    with pytest.raises(JournalError, match=f"^{re.escape(f'{record}:1: the record {found}; {advice}')}$"):
        list(read_events(record))
    with pytest.raises(JournalError):
        report(ReportRequest(tmp_path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"event":"host-sam\n', "this line is not JSON"),
        ({"t_s": 1.0}, "this is not an event: `event` is missing"),
        ({"event": "lunch", "t_s": 1.0}, "unknown event `lunch`"),
        ({"event": "phase-started", "t_s": 1.0}, "phase-started: drill, limit_s, phase: missing"),
        (
            {**lines_of(HostSampled(seconds=0.5))[0], "seconds": "low"},
            "host-sampled.seconds: 'low' is not of type float",
        ),
        (lines_of(HEADER)[0], "`run-started` must be the first line, and only that"),
    ],
)
def test_damaged_line_is_an_error_with_its_place(tmp_path: Path, line: object, message: str) -> None:
    record = write_lines(tmp_path / "record.jsonl", *lines_of(HEADER), line, *lines_of(RunEnded()))
    with pytest.raises(JournalError, match=f"^{re.escape(f'{record}:2: {message}')}; restore the record"):
        list(read_events(record))


def test_record_must_begin_with_the_header(tmp_path: Path) -> None:
    line = {**lines_of(HostSampled(seconds=0.5))[0], "version": 2}
    with pytest.raises(JournalError, match="1: host-sampled: version: unknown field"):
        list(read_events(write_lines(tmp_path / "record.jsonl", line)))


def test_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    record = write_lines(tmp_path / "record.jsonl", *lines_of(HEADER, HostSampled(seconds=0.5)), '{"event":"run-e')
    assert [type(event) for event in read_events(record)] == [RunStarted, HostSampled]


def test_record_cut_at_any_byte_is_never_a_pass(tmp_path: Path) -> None:
    record = simulated_record(tmp_path)
    text = record.read_bytes()
    assert report(ReportRequest(tmp_path)).verdict is Verdict.PASSED
    first_line = text.index(b"\n") + 1
    ended = text.index(b'"event":"drill-ended"')
    for cut in (first_line, first_line + 5, len(text) // 3, len(text) // 2, ended, ended + 20):
        record.write_bytes(text[:cut])
        assert report(ReportRequest(tmp_path)).verdict is Verdict.INCONCLUSIVE, cut


def test_record_without_its_last_lines_is_never_a_pass(tmp_path: Path) -> None:
    record = simulated_record(tmp_path)
    lines = record.read_text(encoding="utf-8").splitlines(True)
    for dropped in range(1, 6):
        record.write_text("".join(lines[:-dropped]), encoding="utf-8")
        result = report(ReportRequest(tmp_path))
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.why[-1] == "the record stops before the end of the run"


def altered(line: str, draw: random.Random) -> str:
    """The line with one of its characters replaced by another letter or digit."""
    at = draw.randrange(len(line) - 1)
    return line[:at] + draw.choice((string.ascii_letters + string.digits).replace(line[at], "")) + line[at + 1 :]


DAMAGES: dict[str, Callable[[list[str], int, random.Random], list[str]]] = {
    "dropped": lambda lines, at, draw: lines[:at] + lines[at + 1 :],
    "doubled": lambda lines, at, draw: lines[: at + 1] + lines[at:],
    "swapped with the next": lambda lines, at, draw: [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
    "altered": lambda lines, at, draw: [*lines[:at], altered(lines[at], draw), *lines[at + 1 :]],
    "moved to the end": lambda lines, at, draw: [*lines[:at], *lines[at + 1 :], lines[at]],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_record_is_an_error_with_the_line(tmp_path: Path, damage: str) -> None:
    record, draw = simulated_record(tmp_path), random.Random(11)
    lines = record.read_text(encoding="utf-8").splitlines(True)
    for at in draw.sample(range(1, len(lines) - 1), 40):
        record.write_text("".join(DAMAGES[damage](lines, at, draw)), encoding="utf-8")
        with pytest.raises(JournalError, match=rf"^{re.escape(str(record))}:{at + 1 + (damage == 'doubled')}: "):
            list(read_events(record))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: line.replace('"seq":2,', ""), "2: its number `seq` is missing"),
        (lambda line: line.replace('"seq":2,', '"seq":"2",'), "2: its number `seq` is missing"),
        (lambda line: line.replace('"seq":2,', '"seq":4,'), "2: its number is 4 instead of 2, so lines before it are"),
        (lambda line: line.replace('"seq":2,', '"seq":1,'), "2: its number is 1 instead of 2, so it was repeated or"),
        (lambda line: line.replace('"sum"', '"some"'), "2: its checksum `sum` is missing"),
        (lambda line: line.replace("0.5", "0.6"), "2: its checksum is wrong, so this line was altered"),
        (lambda line: line.replace('"seq":2,', f'"seq":{"9" * 5000},'), "2: this line is not JSON"),
        (lambda line: "\n" + line, "2: this line is not JSON"),
    ],
)
def test_line_that_does_not_continue_the_record_is_an_error(
    tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    journal = Journal(tmp_path / "record.jsonl", clock=lambda: 1.0)
    for event in (HEADER, HostSampled(seconds=0.5), RunEnded()):
        journal.write(event)
    journal.close()
    first, second, third = journal.path.read_text().splitlines(True)
    journal.path.write_text(first + change(second) + third)
    with pytest.raises(JournalError, match=f"^{re.escape(f'{journal.path}:{message}')}"):
        list(read_events(journal.path))


@pytest.mark.parametrize(
    ("second_s", "until_s", "message"),
    [
        (999.0, 999.0, "its time is -1 s after that of the line before"),
        (4601.0, 4601.0, "its time is 3601 s after that of the line before, not 0 to 3600 s"),
        (1001.0, 1e9, "arrivals are due 9.99999e+08 s after it was written, not -3600 to 60 s"),
        (4000.0, 399.0, "arrivals are due -3601 s after it was written"),
    ],
)
def test_time_far_from_that_before_is_an_error(tmp_path: Path, second_s: float, until_s: float, message: str) -> None:
    load = LoadCounted(drill="WEB", side=TREATMENT, t_s=second_s, until_s=until_s, slices=())
    lines = lines_of(replace(HEADER, t_s=1000.0), load)
    record = write_lines(tmp_path / "record.jsonl", *lines)
    with pytest.raises(JournalError, match=f"^{re.escape(f'{record}:2: {message}')}"):
        list(read_events(record))


def test_record_of_more_than_a_week_is_an_error(tmp_path: Path) -> None:
    lines = [replace(HEADER, t_s=0.0), *(HostSampled(t_s=3600.0 * hour, seconds=0.5) for hour in range(1, 170))]
    record = write_lines(tmp_path / "record.jsonl", *lines_of(*lines))
    with pytest.raises(JournalError, match=":170: its time is more than 604800 s after the begin of the run"):
        list(read_events(record))


def test_time_of_a_line_never_decreases_when_the_clock_is_set_back(tmp_path: Path) -> None:
    times_s = iter((1000.0, 1001.5, 400.0, 1002.0))
    journal = Journal(tmp_path / "record.jsonl", clock=lambda: next(times_s))
    for event in (HEADER, *[HostSampled(seconds=0.5)] * 3):
        journal.write(event)
    journal.close()
    assert [event.t_s for event in read_events(journal.path)] == [1000.0, 1001.5, 1001.5, 1002.0]


def test_record_without_a_whole_line_is_refused(tmp_path: Path) -> None:
    record = simulated_record(tmp_path)
    record.write_bytes(record.read_bytes()[:30])
    with pytest.raises(JournalError, match="name a run directory"):
        report(ReportRequest(tmp_path))


def test_missing_record_is_an_error_with_the_next_action(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"no record can be read here .*; name a run directory with record\.jsonl"):
        list(read_events(tmp_path / "record.jsonl"))
