"""Opens the SQLite file of the history: creates it, migrates it, and turns its errors into messages.

Write-ahead log and a busy timeout: readers never wait, and writers wait for each other. What was committed survives
SIGKILL; a transaction that was cut is rolled back by the next process that opens the file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from harness.errors import GamedayError
from harness.history.schema import APPLICATION_ID, MIGRATIONS, VERSION

BUSY_S = 10.0
"""How long a writer waits for another one."""
_IGNORE = "# written by gameday\n*\n"


class HistoryError(GamedayError):
    """The history cannot be read or written."""


@contextmanager
def database(path: Path, *, create: bool = False, busy_s: float = BUSY_S) -> Iterator[sqlite3.Connection]:
    """A connection to the history, at the present version of its schema. Raises HistoryError.

    Without `create`, a missing file is an error. Nothing is committed but by `transaction`.
    """
    if create:
        _make_folder(path)
    elif not path.is_file():
        raise HistoryError(f"{path}: there is no history; `gameday run` writes it, --history names another one")
    with explained(path, busy_s), closing(_connect(path, busy_s, create)) as connection:
        _migrate(path, connection)
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All statements or none; waits for another writer before the first one."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def explained(path: Path, busy_s: float = BUSY_S) -> Iterator[None]:
    """Turns errors of SQLite into HistoryErrors that name the file and the next action."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryError(f"{path}: {_explanation(error, busy_s)}") from None


def _explanation(error: sqlite3.Error, busy_s: float) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"another process has held the history for {busy_s:g} s; end it, or try again"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"the history cannot be opened or written here ({error}); name another file with --history"
    if name.startswith("SQLITE_FULL"):
        return "the history cannot be written: the disk is full; make room and try again"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"the history is damaged, or none ({error}); move it away, and `gameday history add RUN` fills another"
    return f"the history cannot be used ({name}: {error}); name another file with --history"


def _make_folder(path: Path) -> None:
    """Make the folder of the history. One that is made here is ignored by git."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    except OSError as error:
        why = f"the folder cannot be written ({error.strerror})"
        raise HistoryError(f"{path.parent}: {why}; name another file with --history") from None


def _connect(path: Path, busy_s: float, create: bool) -> sqlite3.Connection:
    """A connection; one that only reads where the folder cannot be written, and so nothing changes meanwhile."""
    only_read = not create and not os.access(path.parent, os.W_OK)
    if only_read and Path(f"{path}-wal").exists():
        fact = f"its last changes are in {path.name}-wal, in a folder that cannot be written"
        raise HistoryError(f"{path}: {fact}; copy both files to another folder")
    name = f"{path.resolve().as_uri()}?immutable=1" if only_read else str(path)
    connection = sqlite3.connect(name, timeout=busy_s, isolation_level=None, uri=only_read)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Bring the schema to the present version, in one transaction, once however many processes try."""
    if _version(path, connection) == VERSION:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        for statements in MIGRATIONS[_version(path, connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(path: Path, connection: sqlite3.Connection) -> int:
    """The version of the schema. Raises HistoryError for a file of another program, and for a newer version."""
    version, owner = _number(connection, "user_version"), _number(connection, "application_id")
    used = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and used:
        raise HistoryError(f"{path}: a database of another program; name another file with --history")
    if version > VERSION:
        fact = f"the history has schema version {version}, and this gameday knows {VERSION}"
        raise HistoryError(f"{path}: {fact}; use the release that wrote it, or name another file with --history")
    return version
