"""The history of runs, in one SQLite file: add and read runs, remove old ones, pin baselines."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from harness.history.baseline import Baseline
from harness.history.database import BUSY_S, HistoryError, database, transaction
from harness.history.entry import RunEntry
from harness.history.profile import Measured, Profile, measured
from harness.history.rows import insert_run, read_run, read_seconds


class History:
    """An open history. Every method may raise HistoryError; each change is one transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection

    def add(self, run: RunEntry) -> int:
        """Add a run and return its number; one that is there already stays as it is."""
        with transaction(self._connection):
            known = self._connection.execute(
                "SELECT number FROM runs WHERE started_s = ? AND folder = ?", (run.started_s, run.folder)
            ).fetchone()
            return int(known[0]) if known else insert_run(self._connection, run)

    def runs(self) -> Iterator[RunEntry]:
        """Every run, newest first, without the counts of its seconds."""
        for row in self._connection.execute("SELECT * FROM runs ORDER BY started_s DESC, number DESC").fetchall():
            yield read_run(self._connection, row)

    def run(self, name: str) -> RunEntry:
        """A run by its number or folder, with the counts of its seconds. Raises HistoryError if there is none."""
        where = "number = ?" if name.isdecimal() else "folder = ? ORDER BY started_s DESC LIMIT 1"
        asked = name if name.isdecimal() else str(Path(name).resolve())
        row = self._connection.execute(f"SELECT * FROM runs WHERE {where}", (asked,)).fetchone()  # noqa: S608  no input
        if row is None:
            raise HistoryError(f"{self._path}: there is no run `{name}`; `gameday history` lists them")
        found = read_run(self._connection, row)
        loads = (replace(load, seconds=read_seconds(self._connection, found.number, load)) for load in found.loads)
        return replace(found, loads=tuple(loads))

    def remove(self, numbers: Sequence[int]) -> None:
        """Remove runs. Raises HistoryError, and removes none, if one of them is part of a baseline."""
        with transaction(self._connection):
            for number in numbers:
                self._connection.execute("DELETE FROM runs WHERE number = ?", (number,))

    def baselines(self) -> list[Baseline]:
        """The pinned baselines, in order of their scenarios."""
        rows = self._connection.execute("SELECT * FROM baselines ORDER BY scenario, profile, run DESC").fetchall()
        return [self._baseline(list(group)) for _, group in groupby(rows, key=lambda row: str(row["profile"]))]

    def _baseline(self, rows: Sequence[sqlite3.Row]) -> Baseline:
        runs = [self._measured(row) for row in rows]
        return Baseline(runs[0].profile, tuple(runs), rows[0]["pinned_s"])

    def _measured(self, row: sqlite3.Row) -> Measured:
        run = self._connection.execute("SELECT * FROM runs WHERE number = ?", (row["run"],)).fetchone()
        return measured(read_run(self._connection, run), row["scenario"])[0]

    def pin(self, runs: Sequence[Measured], now_s: float) -> None:
        """Make these runs the baseline of their profile, in place of the one that is pinned."""
        profile = runs[0].profile
        with transaction(self._connection):
            self._connection.execute("DELETE FROM baselines WHERE profile = ?", (profile.text(),))
            for each in runs:
                values = profile.scenario, profile.series, each.run.number, now_s, profile.text()
                self._connection.execute("INSERT INTO baselines VALUES (?, ?, ?, ?, ?)", values)

    def unpin(self, profiles: Sequence[Profile]) -> None:
        """Remove the baselines of these profiles; their runs stay."""
        with transaction(self._connection):
            for profile in profiles:
                self._connection.execute("DELETE FROM baselines WHERE profile = ?", (profile.text(),))


@contextmanager
def history(path: Path, *, create: bool = False, busy_s: float = BUSY_S) -> Iterator[History]:
    """Open the history at `path` for as long as the `with` lasts. Raises HistoryError."""
    with database(path, create=create, busy_s=busy_s) as connection:
        yield History(path, connection)
