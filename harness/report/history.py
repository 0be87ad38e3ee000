"""The history of runs, and its baselines, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from harness.history.baseline import LEAST_RUNS, Baseline, Choice
from harness.history.collect import JUDGED
from harness.history.entry import LoadEntry, Quantile, RunEntry
from harness.history.profile import Measured, Profile, measured
from harness.report.format import as_json, printable

HEAD = (
    "run",
    "started (UTC)",
    "revision",
    "platform",
    "scenario",
    "verdict",
    "P50 ms",
    "P95 ms",
    "P99 ms",
    "arrivals",
    "",
)
_REVISION_DIGITS = 9


def to_text(runs: Sequence[RunEntry], baselines: Sequence[Baseline]) -> str:
    """A table with one line per run and scenario, newest first."""
    if not runs:
        return "no run\n"
    return table([HEAD, *(row for run in runs for row in _rows(run, baselines))])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned columns, two spaces apart."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return printable("".join(f"{line}\n" for line in lines))


def _rows(run: RunEntry, baselines: Iterable[Baseline]) -> Iterator[tuple[str, ...]]:
    about = (str(run.number), when(run.started_s), revision(run), run.platform)
    found = measured(run)
    for each in found:
        load = each.load
        figures = (*(_value(load.quantile(q)) for q in (0.5, JUDGED, 0.99)), str(load.arrivals))
        yield (*about, load.scenario, "/".join(verdicts(each)), *figures, ", ".join(notes(each, baselines)))
    if not found:
        yield (*about, "", run.verdict.value, "", "", "", "", "no steady window")


def verdicts(each: Measured) -> tuple[str, ...]:
    """The verdicts of the drills with its scenario."""
    return tuple(drill.verdict.value for drill in each.run.drills if drill.scenario == each.load.scenario)


def notes(each: Measured, baselines: Iterable[Baseline]) -> Iterator[str]:
    """What is special about a measurement."""
    pinned = {known.profile.scenario for known in baselines if each.run.number in known.numbers}
    if each.load.scenario in pinned:
        yield "baseline"
    if each.load.fell_behind:
        yield "load fell behind"
    if not each.load.steady:
        yield "SLOs did not hold"


def show_ends(quantile: Quantile) -> str:
    """`[95, 106] ms`; `≥ 95 ms` where there is no upper limit yet."""
    low = f"{quantile.low_ms:.4g}"
    return f"≥ {low} ms" if quantile.high_ms is None else f"[{low}, {quantile.high_ms:.4g}] ms"


def _value(quantile: Quantile | None) -> str:
    return "-" if quantile is None else f"{quantile.value_ms:.4g}"


def when(epoch_s: float) -> str:
    """`2026-01-31 12:00:00`, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def revision(run: RunEntry) -> str:
    """The beginning of the git revision; `+` if there were changes."""
    return f"{run.revision[:_REVISION_DIGITS] or '-'}{'+' if run.dirty else ''}"


def to_json(runs: Sequence[RunEntry], baselines: Sequence[Baseline]) -> str:
    """Everything about the runs but the counts of their seconds."""
    return as_json({"runs": [_run_json(run) for run in runs], "baselines": [baseline_json(each) for each in baselines]})


def _run_json(run: RunEntry) -> dict[str, object]:
    host = run.host
    return {
        "run": run.number,
        "started_s": run.started_s,
        "seconds": run.seconds,
        "folder": run.folder,
        "document": run.document,
        "platform": run.platform,
        "jobs": run.jobs,
        "start": run.start,
        "steady_s": run.steady_s,
        "verdict": run.verdict.value,
        "revision": run.revision,
        "dirty": run.dirty,
        "host": {
            "class": host.host_class,
            "cpu": host.cpu,
            "cores": host.cores,
            "memory_bytes": host.memory_bytes,
            "python": host.python,
            "kernel": host.kernel,
        },
        "drills": [
            {"runbook": each.runbook, "scenario": each.scenario, "verdict": each.verdict.value, "why": each.why}
            for each in run.drills
        ],
        "loads": [_load_json(load) for load in run.loads],
    }


def _load_json(load: LoadEntry) -> dict[str, object]:
    return {
        "scenario": load.scenario,
        "series": load.series,
        "first": load.first,
        "rate_per_s": load.rate_per_s,
        "measured_rate_per_s": round(load.measured_rate_per_s, 3),
        "engine": load.engine,
        "steady": load.steady,
        "fell_behind": load.fell_behind,
        "parallel": load.parallel,
        "sides": load.sides,
        "window_s": load.window_s,
        "arrivals": load.arrivals,
        "bad": load.bad,
        "late": load.late,
        "vif": round(load.vif, 3),
        "reference_ms": load.reference_ms,
        "quantiles": [
            {"q": each.q, "value_ms": each.value_ms, "low_ms": each.low_ms, "high_ms": each.high_ms}
            for each in load.quantiles
        ],
        "histogram": {str(bucket): count for bucket, count in load.histogram.items()},
    }


# -- baselines ---------------------------------------------------------------------------------------------------------


def baselines_text(baselines: Sequence[Baseline]) -> str:
    """One block per baseline: its conditions, its runs, the spread of their P95."""
    if not baselines:
        return "no baseline is pinned\n"
    return printable("".join(f"{line}\n" for each in baselines for line in _baseline_lines(each)))


def _baseline_lines(baseline: Baseline) -> Iterator[str]:
    yield profile_text(baseline.profile)
    values = sorted(each.quantile.value_ms for each in baseline.runs if each.quantile)
    numbers = ", ".join(str(each.run.number) for each in baseline.runs)
    yield f"  pinned {when(baseline.pinned_s)} UTC, {len(baseline.runs)} runs: {numbers}"
    width = f"{baseline.window_s} s and {baseline.arrivals} arrivals or more a run"
    yield f"  P95 {values[0]:.4g} to {values[-1]:.4g} ms; {width}"


def profile_text(profile: Profile) -> str:
    """The conditions of a measurement on one line."""
    rate = "the scenario's own rate" if profile.rate_per_s is None else f"{profile.rate_per_s:g} per second"
    parts = (profile.platform, f"engine {profile.engine or 'unknown'}", rate, f"host class {profile.host_class}")
    parallel = f", {profile.parallel} drills in parallel" if profile.parallel > 1 else ""
    control = ", sequential control" if profile.sides == 1 else ""
    start = ", toggles start from their documented values" if profile.start == "documented" else ""
    return f"{profile.scenario}, series {profile.series}: {', '.join(parts)}{parallel}{control}{start}"


def baseline_json(baseline: Baseline) -> dict[str, object]:
    """A baseline with its conditions and the numbers of its runs."""
    profile = baseline.profile
    return {
        "scenario": profile.scenario,
        "series": profile.series,
        "platform": profile.platform,
        "engine": profile.engine,
        "rate_per_s": profile.rate_per_s,
        "parallel": profile.parallel,
        "sides": profile.sides,
        "start": profile.start,
        "host_class": profile.host_class,
        "pinned_s": baseline.pinned_s,
        "runs": [each.run.number for each in baseline.runs],
        "window_s": baseline.window_s,
        "arrivals": baseline.arrivals,
    }


def choices_text(choices: Sequence[Choice]) -> str:
    """What was pinned, and which runs were left out, with the reasons."""
    return printable("".join(f"{line}\n" for each in choices for line in _choice_lines(each)))


def _choice_lines(choice: Choice) -> Iterator[str]:
    yield profile_text(choice.profile)
    numbers = ", ".join(str(each.run.number) for each in choice.runs)
    done = "not pinned" if choice.why else "pinned"
    yield f"  {done}: {choice.why or f'{len(choice.runs)} runs: {numbers}'}"
    yield from (f"  left out: run {each.each.run.number}: {each.why}" for each in choice.refused)
    if choice.why:
        yield f"  `gameday run` adds runs; {LEAST_RUNS} with the same options are needed"
