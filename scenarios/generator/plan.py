"""Assign the arrivals of a run to workers: one sends the whole schedule, several split it.

Every worker computes the same schedule, from the same seed and start, and sends the arrivals of its place: of four
workers the one at place 2 sends those numbered 2, 6, 10… In a comparison of two services the places are drawn at random
instead. The union of all shares is the schedule, and no arrival is sent twice. An edit of the rate, and a worker that
joins or leaves, starts a new piece at the same instant for all.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from random import Random

from . import clock
from .schedule import Rate, parse, seeded
from .settings import Share

TURNS = 4
"""Arrivals of each place in one permuted block: few, so that all places have equally many in any short time."""

OPTION = "gameday_plan"
"""Name under which a locust master hands plans to its workers, among the parsed options of a spawn message."""


class PlanError(ValueError):
    """A spawn message of a master has no valid plan; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """One piece of a run that began at `started_epoch_s`: from `from_epoch_s` on, `rate_per_s` over all workers.

    `places` maps a worker's index, as text, to its place; `piece` counts the edits of a run. `drawn`: the arrivals of
    each place are drawn at random.
    """

    started_epoch_s: float
    from_epoch_s: float
    piece: int
    rate_per_s: float
    schedule: str
    places: Mapping[str, int]
    drawn: bool = False

    def to_wire(self) -> dict[str, object]:
        """Return the plan as plain data, for msgpack."""
        return asdict(self)

    def expected(self, from_epoch_s: float, until_epoch_s: float) -> float:
        """Return how many arrivals one worker is expected to have in a time, without a surge."""
        from_s, until_s = from_epoch_s - self.started_epoch_s, until_epoch_s - self.started_epoch_s
        return parse(self.schedule).expected(from_s, until_s, self.rate_per_s) / max(1, len(self.places))


def from_wire(options: Mapping[str, object]) -> Plan:
    """Return the plan among the options of a spawn message. Raises PlanError when there is none."""
    data = options.get(OPTION)
    if not isinstance(data, dict) or set(data) != {field.name for field in fields(Plan)}:
        raise PlanError("the master sent no plan: start it with the same scenario, `locust -f SCENARIO.py --master`")
    return Plan(**data)


def alone(rate_per_s: float, schedule: str) -> Plan:
    """Return the plan of a single worker: the whole schedule, from now on."""
    now_s = clock.epoch_s(clock.now())
    return Plan(now_s, now_s, 0, rate_per_s, schedule, {"0": 0})


def shared(rate_per_s: float, schedule: str, share: Share) -> Plan:
    """Return the plan of one of several processes that compare services: arrivals are drawn, `rate_per_s` for each."""
    places = {str(place): place for place in range(share.of)}
    start_s = share.start_epoch_s
    return Plan(start_s, start_s, 0, rate_per_s * share.of, schedule, places, drawn=True)


def drawn(dues: Iterator[float], place: int, of: int, rng: Random) -> Iterator[float]:
    """Yield the due times that are drawn for one place.

    Of each `TURNS` · `of` consecutive ones every place gets `TURNS`, in random order: permuted blocks (Matts and
    Lachin, Controlled Clinical Trials 9(4) 1988). With the same `rng` state, the places together yield all of them.
    """
    turns = [turn for turn in range(of) for _ in range(TURNS)]
    while True:
        rng.shuffle(turns)
        for turn in turns:
            due_s = next(dues, math.inf)
            if turn == place or due_s == math.inf:
                yield due_s


class Arrivals:
    """The due times of one worker, in order; `due_s` is the next one on `clock.now()`, inf after the last."""

    def __init__(self, seed: int, index: int, factor: Callable[[], float]) -> None:
        self._seed, self._index, self._factor = seed, index, factor
        self._pieces: deque[tuple[float, Iterator[float]]] = deque()
        self._dues: Iterator[float] = iter(())
        self.due_s = math.inf

    def follow(self, plan: Plan) -> None:
        """Switch to a plan at its `from_epoch_s`; until then the previous plan applies."""
        from_s = clock.instant(plan.from_epoch_s)
        self._pieces.append((from_s, self._own(plan, from_s)))
        if self.due_s >= from_s:
            self._next_piece()

    def advance(self) -> None:
        """Move to the next due time."""
        self.due_s = next(self._dues, math.inf)
        if self._pieces and self.due_s >= self._pieces[0][0]:
            self._next_piece()

    def end(self) -> None:
        """Discard all further due times."""
        self._pieces.clear()
        self._dues, self.due_s = iter(()), math.inf

    def _next_piece(self) -> None:
        _, self._dues = self._pieces.popleft()
        self.advance()

    def _own(self, plan: Plan, from_s: float) -> Iterator[float]:
        place = plan.places.get(str(self._index))
        if place is None:
            return iter(())
        rng = seeded(f"arrivals {plan.piece}", self._seed)
        rate = Rate(plan.rate_per_s, self._factor)
        dues = parse(plan.schedule).dues(rng, clock.instant(plan.started_epoch_s), from_s, rate)
        if plan.drawn:
            return drawn(dues, place, len(plan.places), seeded(f"places {plan.piece}", self._seed))
        return islice(dues, place, None, len(plan.places))


def share(total: int, plan: Plan, index: int) -> int:
    """Return how many of `total` connections this worker opens."""
    place, of = plan.places.get(str(index)), len(plan.places)
    return 0 if place is None else total * (place + 1) // of - total * place // of
