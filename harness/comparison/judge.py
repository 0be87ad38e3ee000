"""Judges a comparison from the events of its record, in a run as afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.comparison.blocks import Block, Blocks, quantile_ms
from harness.comparison.errors import detectable
from harness.comparison.result import BlockResult, ComparisonResult, Row, ScenarioResult, Variant, is_decided
from harness.comparison.rows import design_of, rows_of
from harness.measures.counts import Counts
from harness.record.comparison import ComparisonStarted, DuetEnded, DuetStarted
from harness.record.event import CONTROL, Event
from harness.record.events import LoadCounted, LoadLost, RunEnded, RunStarted
from harness.stats.duet import Design


class ComparisonJudge:
    """Takes the events of a record in order; its result can be read at any time."""

    def __init__(self) -> None:
        self._header: ComparisonStarted | None = None
        self._run: RunStarted | None = None
        self._scenarios: dict[str, _Scenario] = {}
        self._last: Event | None = None

    def add(self, event: Event) -> None:
        """Add the next event. Raises ValueError for one that does not belong here."""
        self._last = event
        match event:
            case RunStarted():
                self._run = event
            case ComparisonStarted():
                self._header = event
            case DuetStarted():
                self._scenarios[event.drill] = _Scenario(event, self._known, self._loads)
            case LoadCounted() | LoadLost():
                blocks = self._scenarios[event.drill].blocks
                (blocks.base if event.side == CONTROL else blocks.candidate).add(event)
            case DuetEnded():
                self._scenarios[event.drill].ended = True

    @property
    def _known(self) -> ComparisonStarted:
        if self._header is None:
            raise ValueError("the comparison has not started")
        return self._header

    @property
    def _loads(self) -> int:
        """Number of loads, among which α is divided."""
        return len(self._run.drills) if self._run else 1

    def scenario(self, runbook: str) -> ScenarioResult:
        """The result of the load of one runbook so far."""
        return self._scenarios[runbook].result()

    def result(self) -> ComparisonResult:
        """The result of the whole comparison so far. Raises ValueError without its first events."""
        header, run, last = self._known, self._run, self._last
        if run is None or last is None:
            raise ValueError("the record does not begin with a run")
        return ComparisonResult(
            base=Variant(header.base, header.base_detail),
            candidate=Variant(header.candidate, header.candidate_detail),
            platform=run.platform,
            scenarios=tuple(each.result() for each in self._scenarios.values()),
            quantiles=header.quantiles,
            margin=header.margin,
            alpha=header.alpha,
            budget_s=header.budget_s,
            seconds=round(last.t_s - run.t_s, 1),
            cut=not isinstance(last, RunEnded) or len(self._scenarios) < len(run.drills),
        )


def judge_comparison(events: Iterable[Event]) -> ComparisonResult:
    """The result of a record: the same events give the same result. Raises ValueError."""
    judge = ComparisonJudge()
    for event in events:
        judge.add(event)
    return judge.result()


class _Scenario:
    """The load of one runbook. Judged after every block; the first decision stands, later blocks are not read."""

    def __init__(self, started: DuetStarted, header: ComparisonStarted, loads: int) -> None:
        self.blocks, self.ended = Blocks(started.series, started.starts_s, header.budget_s), False
        self._started, self._header, self._loads = started, header, loads
        self._read: list[Block] = []
        self._measured: list[BlockResult] = []
        self._rows = self._shown = self._judged()

    def result(self) -> ScenarioResult:
        """The result so far."""
        before = len(self._read)
        for block in self.blocks.settled()[before:]:
            if is_decided(self._rows):
                break
            self._read.append(block)
            self._measured.append(block.measured(self._header.quantiles))
            self._rows = self._judged()
        if len(self._read) > before:
            self._shown = self._with_values()
        return ScenarioResult(
            runbook=self._started.drill,
            scenario=self._started.scenario,
            series=self._started.series,
            rows=self._shown,
            blocks=tuple(self._measured),
            block_s=self.blocks.block_s,
            planned=self.blocks.planned,
            ended=self.ended,
            design=self._design,
        )

    @property
    def _design(self) -> Design:
        return design_of(self.blocks.planned, self._header.alpha, self._header.quantiles, self._loads)

    def _judged(self) -> tuple[Row, ...]:
        return rows_of(self._measured, self._design, self._header.quantiles, self._header.margin)

    def _with_values(self) -> tuple[Row, ...]:
        """The rows with what decides nothing: the quantiles of merged counts, and what bad arrivals would show."""
        used = [block for block, shown in zip(self._read, self._measured, strict=True) if shown.used]
        base, candidate = _whole([each.base for each in used]), _whole([each.candidate for each in used])
        latency = zip(self._rows, self._header.quantiles, strict=False)  # the row of the bad arrivals has its values
        shown = [
            replace(row, base=quantile_ms(base, percent), candidate=quantile_ms(candidate, percent))
            for row, percent in latency
        ]
        return (*shown, self._with_detectable(self._rows[-1]))

    def _with_detectable(self, bad: Row) -> Row:
        if bad.effect is None:
            return bad
        least = detectable([block for block in self._measured if block.used], self._design)
        return replace(bad, effect=replace(bad.effect, detectable=least))


def _whole(parts: Sequence[Counts]) -> Counts:
    whole = Counts()
    for part in parts:
        whole.add(part)
    return whole
