"""Writing and reading the record's file: versions, damaged lines, and consumers of its events."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.app import ReportRequest, report
from harness.model import Verdict
from harness.record.codec import to_json
from harness.record.events import Event, HostSampled, RunEnded, RunStarted
from harness.record.journal import Journal, JournalError, read_events
from tests.support.events import EVERY_KIND, simulated_record

HEADER = RunStarted(document="ops.md", drills=())


def test_written_events_are_read_back_with_the_time_of_writing(tmp_path: Path) -> None:
    times_s = iter(range(1000, 2000))
    journal = Journal(tmp_path / "record.jsonl", clock=lambda: float(next(times_s)))
    written = [journal.write(event) for event in EVERY_KIND]
    journal.close()
    assert list(read_events(journal.path)) == written
    assert [event.t_s for event in written] == [1000.0 + n for n in range(len(EVERY_KIND))]


def test_inbox_gets_every_event_in_the_order_of_the_file(tmp_path: Path) -> None:
    journal, received = Journal(tmp_path / "record.jsonl"), list[Event]()
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
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


OLD = {"ev": "gameday", "t": 1.0, "document": "ops.md", "drills": ["WEB"], "findings": [], "procedures": []}


@pytest.mark.parametrize(
    ("first", "found"),
    [
        (OLD, "has no format version"),
        ({**lines_of(HEADER)[0], "version": 2, "moon": "full"}, "has format version 2"),
        ({**lines_of(HEADER)[0], "version": "1"}, "has format version '1'"),
        ([], "has no format version"),
    ],
)
def test_record_of_another_version_is_refused_with_the_version_found(tmp_path: Path, first: object, found: str) -> None:
    record = write_lines(tmp_path / "record.jsonl", first, *lines_of(RunEnded()))
    advice = "this gameday reads version 1: judge it with the release that wrote it, or repeat the run"
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
        ({"event": "host-sampled", "t_s": 1.0}, "host-sampled: busy_share: missing"),
        (
            {"event": "host-sampled", "t_s": 1.0, "busy_share": "low"},
            "host-sampled.busy_share: 'low' is not of type float",
        ),
        (lines_of(HEADER)[0], "`run-started` must be the first line, and only that"),
    ],
)
def test_damaged_line_is_an_error_with_its_place(tmp_path: Path, line: object, message: str) -> None:
    record = write_lines(tmp_path / "record.jsonl", *lines_of(HEADER), line, *lines_of(RunEnded()))
    with pytest.raises(JournalError, match=f"^{re.escape(f'{record}:2: {message}')}; restore the record"):
        list(read_events(record))


def test_record_must_begin_with_the_header(tmp_path: Path) -> None:
    line = {**lines_of(HostSampled(busy_share=0.5))[0], "version": 1}
    with pytest.raises(JournalError, match="1: host-sampled: version: unknown field"):
        list(read_events(write_lines(tmp_path / "record.jsonl", line)))


def test_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    record = write_lines(tmp_path / "record.jsonl", *lines_of(HEADER, HostSampled(busy_share=0.5)), '{"event":"run-e')
    assert [type(event) for event in read_events(record)] == [RunStarted, HostSampled]


def test_record_cut_at_any_byte_is_never_a_pass(tmp_path: Path) -> None:
    record = simulated_record(tmp_path)
    text = record.read_bytes()
    assert report(ReportRequest(tmp_path)).verdict is Verdict.PASSED
    first_line = text.index(b"\n") + 1
    ended = text.index(b'{"event":"drill-ended"')
    for cut in (first_line, first_line + 5, len(text) // 3, len(text) // 2, ended, ended + 20):
        record.write_bytes(text[:cut])
        assert report(ReportRequest(tmp_path)).verdict is Verdict.INCONCLUSIVE, cut


def test_record_without_a_whole_line_is_refused(tmp_path: Path) -> None:
    record = simulated_record(tmp_path)
    record.write_bytes(record.read_bytes()[:30])
    with pytest.raises(JournalError, match="name a run directory"):
        report(ReportRequest(tmp_path))


def test_missing_record_is_an_error_with_the_next_action(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"no record can be read here .*; name a run directory with record\.jsonl"):
        list(read_events(tmp_path / "record.jsonl"))
