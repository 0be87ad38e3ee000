"""The tables of the history, as migrations; docs/reference/history.md documents them."""

from __future__ import annotations

APPLICATION_ID = 0x47414D45
"""Marks a SQLite file as a history (`PRAGMA application_id`)."""

_RUNS = (
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        started_s REAL NOT NULL, seconds REAL NOT NULL, folder TEXT NOT NULL,
        document TEXT NOT NULL, bindings TEXT NOT NULL,
        platform TEXT NOT NULL, jobs INTEGER NOT NULL, start TEXT NOT NULL, steady_s REAL NOT NULL,
        verdict TEXT NOT NULL,
        revision TEXT NOT NULL, dirty INTEGER NOT NULL,
        host_class TEXT NOT NULL, cpu TEXT NOT NULL, cores INTEGER NOT NULL, memory_bytes INTEGER NOT NULL,
        python TEXT NOT NULL, kernel TEXT NOT NULL,
        UNIQUE (started_s, folder)
    )
    """,
    """
    CREATE TABLE drills (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        runbook TEXT NOT NULL, scenario TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (run, runbook)
    )
    """,
    """
    CREATE TABLE loads (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        scenario TEXT NOT NULL, series TEXT NOT NULL, first INTEGER NOT NULL,
        rate_per_s REAL, engine TEXT NOT NULL, steady INTEGER NOT NULL, parallel INTEGER NOT NULL,
        window_s INTEGER NOT NULL,
        arrivals INTEGER NOT NULL, bad INTEGER NOT NULL, late INTEGER NOT NULL, fell_behind INTEGER NOT NULL,
        vif REAL NOT NULL, reference_ms REAL, histogram TEXT NOT NULL,
        PRIMARY KEY (run, scenario, series)
    )
    """,
    """
    CREATE TABLE quantiles (
        run INTEGER NOT NULL, scenario TEXT NOT NULL, series TEXT NOT NULL,
        q REAL NOT NULL, value_ms REAL NOT NULL, low_ms REAL NOT NULL, high_ms REAL,
        PRIMARY KEY (run, scenario, series, q),
        FOREIGN KEY (run, scenario, series) REFERENCES loads ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE seconds (
        run INTEGER NOT NULL, scenario TEXT NOT NULL, series TEXT NOT NULL,
        side TEXT NOT NULL, second INTEGER NOT NULL, steady INTEGER NOT NULL,
        arrivals INTEGER NOT NULL, ok INTEGER NOT NULL, bad INTEGER NOT NULL, late INTEGER NOT NULL,
        PRIMARY KEY (run, scenario, series, side, second, steady),
        FOREIGN KEY (run, scenario, series) REFERENCES loads ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
)
_BASELINES = (
    """
    CREATE TABLE baselines (
        scenario TEXT NOT NULL, series TEXT NOT NULL, run INTEGER NOT NULL, pinned_s REAL NOT NULL,
        profile TEXT NOT NULL,
        PRIMARY KEY (profile, run),
        FOREIGN KEY (run, scenario, series) REFERENCES loads ON DELETE RESTRICT
    )
    """,
)
_SIDES = ("ALTER TABLE loads ADD COLUMN sides INTEGER NOT NULL DEFAULT 2",)
MIGRATIONS = (_RUNS, _BASELINES, _SIDES)
"""The statements that lead from each version (`PRAGMA user_version`) to the next; an empty file has version 0."""
VERSION = len(MIGRATIONS)
