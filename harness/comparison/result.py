"""The result of a comparison, as its record gives it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import FAILED, INCONCLUSIVE, PASSED
from harness.stats.duet import Design, Effect, Outcome

EXIT_CODES = {Outcome.NOT_WORSE: PASSED, Outcome.REGRESSED: FAILED, Outcome.UNDECIDED: INCONCLUSIVE}


@dataclass(frozen=True)
class Variant:
    """One of the two: its name as given, and what the name stood for."""

    name: str
    detail: str = ""

    @property
    def text(self) -> str:
        """`main (574e018)`."""
        return f"{self.name} ({self.detail})" if self.detail else self.name


@dataclass(frozen=True)
class Row:
    """One measure of one scenario.

    `unit` is `ms` for a latency quantile: `base` and `candidate` in ms, the effect and the margin are logarithms of the
    ratio. It is `ratio` for the fraction of bad arrivals: the effect and the margin are differences.
    """

    measure: str
    unit: str
    base: float | None
    candidate: float | None
    effect: Effect | None
    margin: float
    outcome: Outcome
    blocks: int
    """Blocks with a value on both sides."""
    why: str = ""
    """Why it is undecided; empty: it is decided."""


@dataclass(frozen=True)
class BlockResult:
    """One block of one scenario, for plots: its first second, counted from the first arrivals, and both sides."""

    start_s: float
    used: bool
    base: SideBlock
    candidate: SideBlock


@dataclass(frozen=True)
class SideBlock:
    """Arrivals of one side in a block, bad ones among them, and its quantiles in ms; None: too many are bad."""

    requests: int
    bad: int
    quantiles_ms: tuple[float | None, ...]


@dataclass(frozen=True)
class ScenarioResult:
    """The rows of one scenario, and what they were computed from."""

    runbook: str
    """Id of the runbook whose load it was."""
    scenario: str
    series: str
    rows: tuple[Row, ...]
    blocks: tuple[BlockResult, ...]
    block_s: float | None
    """Length of a block in seconds; None: the load ended before it was known."""
    planned: int
    """Blocks until the end of the budget."""
    ended: bool
    """Whether the load was stopped in order."""
    design: Design
    """The plan by which its blocks are judged."""

    @property
    def used(self) -> tuple[BlockResult, ...]:
        """The blocks that were judged."""
        return tuple(block for block in self.blocks if block.used)

    @property
    def requests(self) -> tuple[int, int]:
        """Arrivals that were judged, of the base and of the candidate."""
        return sum(block.base.requests for block in self.used), sum(block.candidate.requests for block in self.used)

    @property
    def outcome(self) -> Outcome:
        """Regressed if any row is, not worse if all rows are; a scenario that was cut is undecided."""
        return worst(row.outcome for row in self.rows) if self.ended else Outcome.UNDECIDED

    @property
    def decided(self) -> bool:
        """Whether more load can change nothing."""
        return is_decided(self.rows)


@dataclass(frozen=True)
class ComparisonResult:
    """The result of a whole comparison."""

    base: Variant
    candidate: Variant
    platform: str
    scenarios: tuple[ScenarioResult, ...]
    quantiles: tuple[float, ...]
    margin: float
    alpha: float
    budget_s: float
    seconds: float
    cut: bool
    """Whether the record stops before the end."""

    @property
    def outcome(self) -> Outcome:
        """Regressed if any scenario is, not worse if all are."""
        found = worst(each.outcome for each in self.scenarios)
        return Outcome.UNDECIDED if self.cut and found is Outcome.NOT_WORSE else found

    @property
    def exit_code(self) -> int:
        """0 not worse, 1 regressed, 3 undecided."""
        return EXIT_CODES[self.outcome]


def is_decided(rows: Sequence[Row]) -> bool:
    """Whether a row is a regression, or all are not worse."""
    return worst(row.outcome for row in rows) is not Outcome.UNDECIDED


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Regressed if any is, else undecided if any is or there is none, else not worse."""
    found = set(outcomes)
    if Outcome.REGRESSED in found:
        return Outcome.REGRESSED
    return Outcome.NOT_WORSE if found == {Outcome.NOT_WORSE} else Outcome.UNDECIDED
