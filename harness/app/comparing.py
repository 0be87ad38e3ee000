"""Use case `compare`: two variants of a service under the same load, and whether the candidate is slower."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.app.duets import Duets, LoadPlan, run_started
from harness.app.reporting import RECORD, folder_of, judged
from harness.app.run_directory import make_run_directory
from harness.app.variants import Prepared, platform_of, prepare, started
from harness.app.writing import write_page, write_whole
from harness.bindings import Bindings
from harness.comparison.blocks import MIN_BLOCK_S, WARM_UP_S
from harness.comparison.judge import judge_comparison
from harness.comparison.result import ComparisonResult
from harness.comparison.variant import BaseUrl, Variant, parse_pair
from harness.errors import BindingError, ComparisonError
from harness.load.scenario import scenario_of
from harness.machine import run_registry
from harness.record.comparison import ComparisonStarted
from harness.record.event import CONTROL, TREATMENT, SideName
from harness.record.events import RunEnded
from harness.record.journal import Journal
from harness.report import comparison as report
from harness.report.pages.comparison import to_html
from harness.stats.duet import MIN_BLOCKS

ALPHA = 0.01
"""Probability of a wrong decision, in each direction."""
DEFAULT_MARGIN = 0.1
"""Half of it is the change that is as likely to be called a regression as not. Real A/A pairs on one machine differ by
up to 3 %; a smaller margin takes longer than the default budget at the rate of the shipped scenarios."""
SHORTEST_BUDGET_S = WARM_UP_S + MIN_BLOCKS * MIN_BLOCK_S
FILE, PAGE = "comparison.json", "report.html"


@dataclass(frozen=True)
class CompareRequest:
    """What to compare, under which load, and how exactly."""

    base: str
    candidate: str
    bindings: Path | None = None
    only: tuple[str, ...] = ()
    """Ids of the runbooks whose load is driven, one after the other; empty: the first one of the bindings."""
    rate: float | None = None
    """Arrivals per second on each side; None: as the bindings say."""
    quantiles: tuple[float, ...] = (50.0, 95.0, 99.0)
    """In percent."""
    margin: float = DEFAULT_MARGIN
    budget_s: float = 300.0
    seed: int | None = None
    out: Path | None = None


@dataclass(frozen=True)
class CompareResult:
    """The result, and the directory with the record."""

    folder: Path
    comparison: ComparisonResult


def compare(
    request: CompareRequest,
    *,
    notify: Callable[[str], None] = lambda line: None,
    stop: threading.Event | None = None,
) -> CompareResult:
    """Run both variants together and compare them; the result is computed from the record.

    Raises GamedayError when a variant cannot be used or does not start, Interrupted when `stop` was set.
    """
    _check(request)
    repository, stop = Path.cwd(), stop or threading.Event()
    base, candidate = parse_pair(request.base, request.candidate)
    bound = bindings.load(bindings.find(repository / "gameday", request.bindings))
    _check_services(bound, base)
    loads = _loads(request, bound)
    platform = platform_of(base)
    pair: dict[SideName, Prepared] = {CONTROL: prepare(base, repository), TREATMENT: prepare(candidate, repository)}
    out = make_run_directory(request.out)
    notify(f"base {request.base}, candidate {request.candidate}; record in {out}")
    with run_registry.registered(out), closing(Journal(out / RECORD)) as journal:
        duets = Duets(journal, out, _header(request, pair), stop, notify)
        duets.begin(run_started(platform, bound.path, loads))
        with started(pair, repository, out, stop, notify) as services:
            for load in loads:
                duets.drive(load, services)
        journal.write(RunEnded())
    result = read_comparison(out)
    write_whole(report.to_json(result), out / FILE)
    write_whole(to_html(result), out / PAGE)
    return CompareResult(out, result)


def _check_services(bound: Bindings, base: Variant) -> None:
    """Raises ComparisonError for services of the bindings, unless the variants run already."""
    if bound.own_key and not isinstance(base, BaseUrl):
        (key, place), fix = bound.own_key, "start both variants yourself, and give two base URLs"
        raise ComparisonError(f"{place}: {key}: `gameday compare` starts the shipped services only; {fix}")


def read_comparison(run: Path) -> ComparisonResult:
    """Judge a comparison from its record alone. Raises JournalError when it cannot be read or judged."""
    return judged(run, judge_comparison, "comparison")


def write_comparison_page(result: ComparisonResult, run: Path) -> Path:
    """Write report.html of a comparison into its run directory, and return its path. Raises MachineError."""
    return write_page(to_html(result), folder_of(run) / PAGE)


def _check(request: CompareRequest) -> None:
    """Raises ComparisonError for numbers that make no sense."""
    if request.budget_s < SHORTEST_BUDGET_S:
        raise ComparisonError(
            f"the budget is {request.budget_s:g} s; {SHORTEST_BUDGET_S:g} s are the least that decides"
        )
    if not 0 < request.margin <= 1:
        raise ComparisonError(f"the margin is {request.margin:.0%}; give one above 0 % and up to 100 %")
    if not request.quantiles or not all(0 < each < 100 for each in request.quantiles):
        raise ComparisonError("quantiles lie between 0 and 100, such as 50,95,99")


def _loads(request: CompareRequest, bound: Bindings) -> tuple[LoadPlan, ...]:
    if unknown := [each for each in request.only if each not in bound.runbooks]:
        raise BindingError(f"{bound.path}: no runbook {', '.join(unknown)}; there are {', '.join(bound.runbooks)}")
    chosen = dict.fromkeys(request.only) or list(bound.runbooks)[:1]
    if not chosen:
        raise BindingError(
            f"{bound.path}: no runbook is bound, so there is no load; add one (docs/reference/bindings.md)"
        )
    return tuple(_load(request, bound, runbook) for runbook in chosen)


def _load(request: CompareRequest, bound: Bindings, runbook: str) -> LoadPlan:
    binding = bound.runbooks[runbook]
    scenario = scenario_of(binding, bound.path.parent)
    series = scenario.series
    if scenario.locustfile:
        raise BindingError(
            f"{bound.path}: runbooks.{runbook}: {binding.scenario} is a plain locustfile, whose users await answers; "
            "a comparison needs arrivals at a rate: give the runbook a load under `loads`"
        )
    if series is not None and binding.series not in series:
        raise BindingError(
            f"{bound.path}: runbooks.{runbook}: scenario {binding.scenario} has no series {binding.series}; "
            f"there are {', '.join(series)}"
        )
    rate = request.rate or binding.rate
    name = binding.load.name if binding.load else scenario.file.stem
    return LoadPlan(runbook, scenario.file, binding.service, binding.series, rate, name, binding.load)


def _header(request: CompareRequest, pair: Mapping[SideName, Prepared]) -> ComparisonStarted:
    return ComparisonStarted(
        base=request.base,
        candidate=request.candidate,
        base_detail=pair[CONTROL].detail,
        candidate_detail=pair[TREATMENT].detail,
        quantiles=request.quantiles,
        margin=request.margin,
        alpha=ALPHA,
        budget_s=request.budget_s,
        seed=request.seed if request.seed is not None else secrets.randbelow(2**31),
    )
