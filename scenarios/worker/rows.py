"""Rows of locust's statistics table as a worker sends them: deltas since the last report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from scenarios.generator import clock
from scenarios.generator.row import Row, Wire
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW, Key


class Rows:
    """Rows of one worker. With `wanted` false nothing is counted, to save CPU."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self._unsent = 0
        self.clear()

    def clear(self) -> None:
        """Discard all rows and errors."""
        self._rows: dict[Key, Row] = {}
        self._outside_totals: dict[Key, Row] = {}
        self._errors: dict[str, Wire] = {}

    def log(self, key: Key, latency_s: float, length: int, bad: Iterable[str]) -> None:
        """Record an arrival that ended; `bad` contains its kinds of bad."""
        if not self.wanted:
            return
        now_s = clock.epoch_s(clock.now())
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = Row()
        kinds = sorted(set(bad))
        row.log(now_s, latency_s, length, bool(kinds))
        if kinds:
            self._error(key, ", ".join(kinds), now_s)

    def late(self, late_s: float) -> None:
        """Record that an arrival started `late_s` seconds late."""
        self._log_outside_totals(LATE_ROW, late_s)

    def unsent(self, total: int) -> None:
        """Record the number of arrivals without a request so far, over all runs."""
        for _ in range(total - self._unsent):
            self._log_outside_totals(UNSENT_ROW, 0.0)
        self._unsent = total

    def rows(self) -> Mapping[Key, Row]:
        """Return the rows of arrivals since the last `take`."""
        return self._rows

    def outside_totals(self) -> Mapping[Key, Row]:
        """Return the rows that totals leave out: late and unsent arrivals."""
        return self._outside_totals

    def errors(self) -> Iterable[Wire]:
        """Return the errors since the last `take`: each kind of bad by row, with its number of occurrences."""
        return self._errors.values()

    def take(self) -> Wire:
        """Return the contents of a stats message and start again; its total, shown as Aggregated, has arrivals only."""
        total = Row()
        for row in self._rows.values():
            total.add(row)
        rows = [row.to_wire(*key) for key, row in (*self._rows.items(), *self._outside_totals.items())]
        taken: Wire = {"stats": rows, "stats_total": total.to_wire("", "Aggregated"), "errors": self._errors}
        self.clear()
        return taken

    def _log_outside_totals(self, key: Key, latency_s: float) -> None:
        if self.wanted:
            self._outside_totals.setdefault(key, Row()).log(clock.epoch_s(clock.now()), latency_s, 0, failed=False)

    def _error(self, key: Key, error: str, now_s: float) -> None:
        method, name = key
        digest = hashlib.sha256(f"{method}.{name}.{error!r}".encode()).hexdigest()
        facts: Mapping[str, object] = {"method": method, "name": name, "error": error}
        seen = self._errors.setdefault(digest, {**facts, "occurrences": 0, "first_seen": now_s, "last_seen": now_s})
        seen["occurrences"] = int(str(seen["occurrences"])) + 1
        seen["last_seen"] = now_s
