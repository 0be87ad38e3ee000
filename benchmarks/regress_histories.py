"""How often `gameday regress` alarms on recorded histories of other projects' benchmarks in CI.

The files are those of github-action-benchmark: `data.js`, on the branch `gh-pages` of many public projects. Each series
is replayed: the 20 points before a point are its baseline, and an alarm is confirmed, or not, by up to three points
behind it, which stand for the re-runs. A history has real regressions too, so its alarms are not all false.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import machine
from benchmarks.regress_error import BASELINE_RUNS, NAIVE_LIMIT, run_of
from benchmarks.threshold import Threshold
from harness.history.baseline import Baseline
from harness.history.regression import Case, Outcome

LEAST_POINTS = 2 * BASELINE_RUNS
MOST_ALARMS = 0.025
_TIME = re.compile(r"(?:ns|us|µs|ms|s|sec|seconds?)(?:/(?:iter|op))?|(?:cpu_seconds|(?:median|p\d\d)?\s*ms).*", re.I)
_SPEED = re.compile(r"\S+/s(?:ec)?", re.I)
_EXAMPLES = """\
examples:
  git show origin/gh-pages:dev/bench/data.js > data.js; python benchmarks/regress_histories.py data.js
exit codes: 0 alarms on at most 2.5 % of the points · 1 on more · 2 unusable input
"""


class FileError(Exception):
    """A file that is no history of benchmarks."""


@dataclass(frozen=True)
class Row:
    """One file: number of series and points, and the shares of the points at which each method alarms."""

    file: str
    series: int
    points: int
    ours: float
    without_reruns: float
    naive: float


def series_of(file: Path) -> list[list[float]]:
    """The series of times in a file, each with 40 points or more; speeds are turned into times. Raises FileError."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8").partition("=")[2].strip().rstrip(";"))["entries"]
        found: dict[tuple[str, str, str], list[float]] = {}
        for suite, point in ((suite, point) for suite, points in entries.items() for point in points):
            for bench in point["benches"]:
                key = suite, str(bench["name"]), str(bench.get("unit", ""))
                found.setdefault(key, []).append(float(bench["value"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(f"{file}: no data.js of github-action-benchmark: {error}") from error
    times = (_times(unit, values) for (_, _, unit), values in found.items())
    return [values for values in times if len(values) >= LEAST_POINTS]


def _times(unit: str, values: Sequence[float]) -> list[float]:
    """The values as times, whatever their unit; none if they are no times."""
    kept = [value for value in values if value > 0]
    if _SPEED.fullmatch(unit):
        return [1 / value for value in kept]
    return kept if _TIME.fullmatch(unit) else []


def alarms_of(values: Sequence[float]) -> Iterator[tuple[bool, bool, bool]]:
    """By point that has a baseline: the alarms of ours, with and without re-runs, and of the naive gate."""
    runs = [run_of(number, (math.log(value), 0.0)) for number, value in enumerate(values, 1)]
    for at in range(BASELINE_RUNS, len(runs)):
        before = tuple(runs[at - BASELINE_RUNS : at])
        case = Case(runs[at], [Baseline(before[0].profile, before, 0.0)])
        alone = case.judgement.outcome is Outcome.REGRESSED
        behind = iter(runs[at + 1 :])
        while case.undecided and (rerun := next(behind, None)):
            case.add(rerun)
        naive = values[at] > NAIVE_LIMIT * fmean(values[at - BASELINE_RUNS : at])
        yield case.judgement.outcome is Outcome.REGRESSED and len(case.runs) > 1, alone, naive


def row_of(file: Path) -> Row | None:
    """The shares of one file; None if it has no series that is long enough. Raises FileError."""
    series = series_of(file)
    alarms = [found for values in series for found in alarms_of(values)]
    if not alarms:
        return None
    return Row(str(file), len(series), len(alarms), *(fmean(column) for column in zip(*alarms, strict=True)))


def total_of(rows: Sequence[Row]) -> Row:
    """All files together, each point counted once."""
    points = sum(row.points for row in rows)
    ours, alone, naive = (
        sum(getattr(row, name) * row.points for row in rows) / points for name in ("ours", "without_reruns", "naive")
    )
    return Row("all", sum(row.series for row in rows), points, ours, alone, naive)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'file':<48}{'series':>8}{'points':>8}{'ours':>8}{'no re-runs':>12}{'> 10 %':>8}"
    for row in rows:
        shares = f"{row.ours:>8.2%}{row.without_reruns:>12.2%}{row.naive:>8.1%}"
        yield f"{row.file[-47:]:<48}{row.series:>8}{row.points:>8}{shares}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the files, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="data.js of github-action-benchmark")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    try:
        rows = [row for file in options.files if (row := row_of(file))]
    except FileError as error:
        sys.stderr.write(f"regress_histories: {error}\n")
        return 2
    if not rows:
        sys.stderr.write(f"regress_histories: no series of times has {LEAST_POINTS} points; name longer histories\n")
        return 2
    total, here = total_of(rows), machine.this_machine()
    ours = f"{total.ours:.2%} of {total.points}"
    threshold = Threshold(f"alarms on at most {MOST_ALARMS:.1%} of the points", total.ours <= MOST_ALARMS, ours)
    if options.json:
        found: Mapping[str, object] = {"machine": here.to_json(), "rows": [asdict(row) for row in [*rows, total]]}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join([machine.lines(here), *table([*rows, total]), threshold.line, ""]))
    return 0 if threshold.ok else 1


if __name__ == "__main__":
    sys.exit(main())
