"""The page of a history: how many runs passed, quantiles over runs for each condition of measurement, and all runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.history.baseline import Baseline
from harness.history.entry import Quantile, RunEntry
from harness.history.profile import Measured, Profile, measured
from harness.report.history import notes, profile_text, revision, show_ends, verdicts, when
from harness.report.pages.frame import Filters, page
from harness.report.pages.plots import Curve, Ends, Plot, PlotGroup, Style, anchor, group_of_names, known_ends
from harness.verdict.result import Verdict

_STYLES: tuple[tuple[float, str, Style], ...] = (
    (0.95, "P95", "treatment"),
    (0.5, "P50", "second"),
    (0.99, "P99", "control"),
)


def to_html(runs: Sequence[RunEntry], baselines: Sequence[Baseline]) -> str:
    """Runs, newest first, as one HTML page, without anything that is loaded from elsewhere."""
    filters: Filters = {
        "when": when, "revision": revision, "profile": profile_text, "ends": show_ends,
        "verdicts": verdicts, "notes": lambda each: ", ".join(notes(each, baselines)),
    }  # fmt: skip
    groups = [
        (profile, group, plots_of(number, group)) for number, (profile, group) in enumerate(by_profile(runs).items())
    ]
    without = [run for run in runs if not measured(run)]
    return page(
        "history.html.j2", filters, runs=runs, groups=groups, without=without, sentence=sentence(runs) if runs else ""
    )


def sentence(runs: Sequence[RunEntry]) -> str:
    """How many runs have which verdict, and of which time they are; empty without any."""
    if not runs:
        return ""
    counts = Counter(run.verdict for run in runs)
    found = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    return f"{found}; from {when(runs[-1].started_s)} to {when(runs[0].started_s)} UTC"


def by_profile(runs: Sequence[RunEntry]) -> Mapping[Profile, list[Measured]]:
    """What was measured under the same conditions, oldest first; the conditions of the newest run first."""
    found: dict[Profile, list[Measured]] = {}
    for each in (each for run in runs for each in measured(run)):
        found.setdefault(each.profile, []).insert(0, each)
    return found


def plots_of(number: int, group: Sequence[Measured]) -> PlotGroup:
    """The quantiles of each run of a group, oldest first; `number` makes its id unique on the page."""
    curves = tuple(_curve(name, style, [each.load.quantile(q) for each in group]) for q, name, style in _STYLES)
    plot = Plot(
        f"Latency of {group[0].load.series}",
        "ms",
        tuple(map(float, range(len(group)))),
        curves,
        (),
        (0.0, *known_ends(curves)),
    )
    names = [", ".join(_about(each)) for each in group]
    return group_of_names(anchor(str(number), "profile"), [plot], names, [str(each.run.number) for each in group])


def _about(each: Measured) -> Iterator[str]:
    yield f"run {each.run.number}"
    yield f"{when(each.run.started_s)} UTC"
    yield from verdicts(each)
    yield from notes(each, ())


def _curve(name: str, style: Style, quantiles: Sequence[Quantile | None]) -> Curve:
    values = tuple(None if each is None else each.value_ms for each in quantiles)
    intervals: tuple[Ends, ...] = tuple(
        (None, None) if each is None else (each.low_ms, each.high_ms) for each in quantiles
    )
    return Curve(name, style, values, dots=True, intervals=intervals)
