"""What is read from the slices of one load series, in order, and what is derived from them slice by slice.

The judge asks for the same windows twice a second, each a little longer than before. So everything is computed once,
and again only from a slice on whose counts have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Protocol, TypeVar

from harness.measures.counts import Counts
from harness.stats.inflation import Slice

KEPT = 8
"""Derivations that are kept; the phases ask for few at a time."""


class Derivation(Protocol):
    """What follows from a sequence of slices, in the state after each of them."""

    def __len__(self) -> int:
        """The number of slices taken."""

    def extend(self, slices: Iterable[Slice]) -> None:
        """Take the next slices."""

    def forget(self, index: int) -> None:
        """Drop the slices from this index on, if they were taken: their counts have changed."""


_D = TypeVar("_D", bound=Derivation)


class Column:
    """The slices of a load series, by their number, as one reading makes them of their counts."""

    def __init__(self, counts: Mapping[int, Counts], reading: Callable[[Counts], Slice]) -> None:
        self._counts, self._reading, self._empty = counts, reading, reading(Counts())
        self._first = 0
        self._slices: list[Slice] = []
        self._stale: set[int] = set()
        self._derived: dict[tuple[int, Hashable], Derivation] = {}

    def between(self, start: int, end: int) -> list[Slice]:
        """The slices with the numbers [start, end)."""
        self._cover(start, end)
        while self._stale:
            number = self._stale.pop()
            self._slices[number - self._first] = self._read(number)
        return self._slices[start - self._first : end - self._first]

    def derived(self, start: int, end: int, name: Hashable, new: Callable[[], _D]) -> _D:
        """What `new` makes of the slices from `start` on; it has taken those before `end`, or more."""
        known = self._derived.pop((start, name), None)
        known = new() if known is None else known
        self._derived[start, name] = known  # at the end: the one that was not asked for longest is dropped
        if len(self._derived) > KEPT:
            del self._derived[next(iter(self._derived))]
        if start + len(known) < end:
            known.extend(self.between(start + len(known), end))
        return known  # type: ignore[return-value]  # made by an earlier `new` of the same name

    def changed(self, number: int) -> None:
        """Take note that the counts of a slice have changed."""
        if self._first <= number < self._first + len(self._slices):
            self._stale.add(number)
            for (start, _), derived in self._derived.items():
                if number >= start:
                    derived.forget(number - start)

    def _cover(self, start: int, end: int) -> None:
        if not self._slices:
            self._first = start
        self._slices[:0] = map(self._read, range(start, self._first))
        self._first = min(self._first, start)
        self._slices += map(self._read, range(self._first + len(self._slices), end))

    def _read(self, number: int) -> Slice:
        counts = self._counts.get(number)
        return self._empty if counts is None else self._reading(counts)
