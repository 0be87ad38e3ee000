"""Entries of the history as rows of its tables, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import get_args

from harness.history.entry import DrillEntry, Host, LoadEntry, Quantile, RunEntry, Second
from harness.record.event import SideName
from harness.record.events import StartName
from harness.verdict.result import Verdict

_INSERT_RUN = "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_DRILL = "INSERT INTO drills VALUES (?, ?, ?, ?, ?)"
_INSERT_LOAD = "INSERT INTO loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_QUANTILE = "INSERT INTO quantiles VALUES (?, ?, ?, ?, ?, ?, ?)"
_INSERT_SECOND = "INSERT INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_QUANTILES = "SELECT * FROM quantiles WHERE run = ? AND scenario = ? AND series = ? ORDER BY q"
_SECONDS = "SELECT * FROM seconds WHERE run = ? AND scenario = ? AND series = ? ORDER BY side DESC, second"


def insert_run(connection: sqlite3.Connection, run: RunEntry) -> int:
    """Insert a run with all its rows; returns its number."""
    host = run.host
    values = (
        *(run.started_s, run.seconds, run.folder, run.document, run.bindings, run.platform, run.jobs, run.start),
        *(run.steady_s, run.verdict.value, run.revision, run.dirty),
        *(host.host_class, host.cpu, host.cores, host.memory_bytes, host.python, host.kernel),
    )
    number = connection.execute(_INSERT_RUN, values).lastrowid
    assert number is not None
    drills = ((number, each.runbook, each.scenario, each.verdict.value, each.why) for each in run.drills)
    connection.executemany(_INSERT_DRILL, drills)
    for load in run.loads:
        _insert_load(connection, number, load)
    return number


def _insert_load(connection: sqlite3.Connection, number: int, load: LoadEntry) -> None:
    key = number, load.scenario, load.series
    histogram = json.dumps(load.histogram, separators=(",", ":"))
    facts = load.first, load.rate_per_s, load.engine, load.steady
    counts = load.parallel, load.window_s, load.arrivals, load.bad, load.late, load.fell_behind
    connection.execute(_INSERT_LOAD, (*key, *facts, *counts, load.vif, load.reference_ms, histogram, load.sides))
    quantiles = ((*key, each.q, each.value_ms, each.low_ms, each.high_ms) for each in load.quantiles)
    connection.executemany(_INSERT_QUANTILE, quantiles)
    seconds = ((s.side, s.second, s.steady, s.arrivals, s.ok, s.bad, s.late) for s in load.seconds)
    connection.executemany(_INSERT_SECOND, ((*key, *each) for each in seconds))


def read_run(connection: sqlite3.Connection, row: sqlite3.Row) -> RunEntry:
    """The entry of a row of `runs`, without the counts of its seconds, which `read_seconds` reads."""
    number = row["number"]
    drills = connection.execute("SELECT * FROM drills WHERE run = ? ORDER BY rowid", (number,))
    return RunEntry(
        started_s=row["started_s"],
        seconds=row["seconds"],
        folder=row["folder"],
        document=row["document"],
        bindings=row["bindings"],
        platform=row["platform"],
        jobs=row["jobs"],
        start=_start(row["start"]),
        steady_s=row["steady_s"],
        verdict=Verdict(row["verdict"]),
        revision=row["revision"],
        dirty=bool(row["dirty"]),
        host=Host(row["cpu"], row["cores"], row["memory_bytes"], row["python"], row["kernel"]),
        drills=tuple(DrillEntry(d["runbook"], d["scenario"], Verdict(d["verdict"]), d["why"]) for d in drills),
        loads=tuple(_loads(connection, number)),
        number=number,
    )


def _loads(connection: sqlite3.Connection, number: int) -> Iterator[LoadEntry]:
    for row in connection.execute("SELECT * FROM loads WHERE run = ? ORDER BY rowid", (number,)):
        yield LoadEntry(
            scenario=row["scenario"],
            series=row["series"],
            first=bool(row["first"]),
            rate_per_s=row["rate_per_s"],
            engine=row["engine"],
            steady=bool(row["steady"]),
            parallel=row["parallel"],
            sides=row["sides"],
            window_s=row["window_s"],
            arrivals=row["arrivals"],
            bad=row["bad"],
            late=row["late"],
            vif=row["vif"],
            reference_ms=row["reference_ms"],
            histogram={int(bucket): count for bucket, count in json.loads(row["histogram"]).items()},
            quantiles=tuple(_quantiles(connection, (number, row["scenario"], row["series"]))),
        )


def _quantiles(connection: sqlite3.Connection, key: tuple[int, str, str]) -> Iterator[Quantile]:
    for row in connection.execute(_QUANTILES, key):
        yield Quantile(row["q"], row["value_ms"], row["low_ms"], row["high_ms"])


def read_seconds(connection: sqlite3.Connection, number: int, load: LoadEntry) -> tuple[Second, ...]:
    """The counts of each second of a load."""
    key = number, load.scenario, load.series
    rows = connection.execute(_SECONDS, key)
    return tuple(
        Second(_side(r["side"]), r["second"], bool(r["steady"]), r["arrivals"], r["ok"], r["bad"], r["late"])
        for r in rows
    )


def _start(text: str) -> StartName:
    return next(each for each in get_args(StartName) if each == text)


def _side(text: str) -> SideName:
    return next(each for each in get_args(SideName) if each == text)
