"""CPU time and memory of `gameday report`: of a recorded run, and of an hour with ten million requests."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by its path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import long_record, report
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number

ROOT = Path(__file__).resolve().parents[1]
FORMATS = ("text", "json", "junit", "markdown", "html")
RECORDED, LONG = "recorded run", "ten million requests"
MOST_S, MOST_MB = 5.0, 300.0
MOST_RATIO = 1.1
"""Ours may take a little longer than the other commit by chance."""
QUICK_REQUESTS, QUICK_SECONDS = 500_000, 360
EXAMPLES = """  python benchmarks/report_time.py                                    the hour alone
  python benchmarks/report_time.py --run runs/2026-01-31T12-00-00     and a recorded run
  python benchmarks/report_time.py --run RUN --against HEAD~1         beside another commit, and the same reports"""
_COMMAND = "import sys; from harness.cli import main; main()"


@dataclass(frozen=True)
class Cost:
    """What one report took: processor time, peak of its memory, and its text."""

    cpu_s: float
    peak_mb: float
    text: bytes


def report_of(checkout: Path, record: Path, form: str = "text") -> Cost:
    """Report a record in a process of its own, by the code of a checkout. Raises UnusableError when it cannot."""
    command = [sys.executable, "-c", _COMMAND, "report", str(record.resolve()), "--format", form]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd="/", env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode not in (0, 1, 3):
            raise UnusableError(f"{record}: {errors.read().decode(errors='replace').strip()}")
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, output.read())


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A worktree of another commit, removed afterwards. Raises UnusableError for an unknown one."""
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        place = Path(folder) / "checkout"
        added = _git("worktree", "add", "--detach", str(place), revision)
        if added.returncode:
            raise UnusableError(f"--against {revision}: {added.stderr.strip()}")
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Compared:
    """The reports of one record: ours, those of the other commit in turns with them, and the formats that differ."""

    name: str
    ours: Sequence[Cost]
    other: Sequence[Cost] = ()
    differ: Sequence[str] = ()

    @property
    def ratio(self) -> float:
        """Ours to theirs, by the medians of the processor time; NaN without theirs."""
        return middle(self.ours) / middle(self.other) if self.other else math.nan


def middle(costs: Sequence[Cost]) -> float:
    """The median of the processor time in seconds."""
    return statistics.median(cost.cpu_s for cost in costs)


def compare(name: str, record: Path, other: Path | None, repeats: int) -> Compared:
    """Report a record by both commits, in turns, and then once in every format."""
    ours, theirs = list[Cost](), list[Cost]()
    for turn in range(repeats):
        report.progress(f"{name}: {turn + 1} of {repeats}")
        ours.append(report_of(ROOT, record))
        theirs += [report_of(other, record)] if other else []
    differ = [
        form for form in FORMATS
        if other and report_of(ROOT, record, form).text != report_of(other, record, form).text
    ]  # fmt: skip
    return Compared(name, ours, theirs, differ)


def measure(run: Path | None, against: str | None, repeats: int, *, quick: bool, at_most: float = MOST_RATIO) -> Report:
    """Measure the records that there are. The long one is not compared: the other commit may take minutes."""
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        record = Path(folder) / "record.jsonl"
        report.progress("writing the long record")
        long_record.write(record, *((QUICK_REQUESTS, QUICK_SECONDS) if quick else ()))
        found = [compare(LONG, record, None, 1 if quick else repeats)]
    if run and against:
        with checked_out(against) as other:
            found.append(compare(RECORDED, run, other, repeats))
    elif run:
        found.append(compare(RECORDED, run, None, repeats))
    return _report(found, against, quick=quick, at_most=at_most)


def _report(found: Sequence[Compared], against: str | None, *, quick: bool, at_most: float) -> Report:
    rules = [
        "CPU: user and system time of `gameday report` as text, start of Python included; medians; MB: peak memory"
    ]
    notes = [f"the long record has {QUICK_REQUESTS:,} requests in {QUICK_SECONDS} s (--quick)"] if quick else []
    notes += ["no --run: no record of a run was measured"] if len(found) == 1 else []
    columns = ("record", "CPU s", "MB", f"CPU s at {against}", "ratio")
    figures: dict[str, object] = {
        each.name: {"cpu_s": middle(each.ours), "peak_mb": peak(each.ours), "ratio": each.ratio, "differ": each.differ}
        for each in found
    }
    return Report(
        rules, [Table("", columns, [_row(each) for each in found])], thresholds(found, at_most), notes, figures
    )


def peak(costs: Sequence[Cost]) -> float:
    """The largest of the peaks of memory in MB."""
    return max(cost.peak_mb for cost in costs)


def _row(each: Compared) -> tuple[str, ...]:
    theirs = number(middle(each.other)) if each.other else "–"
    return each.name, number(middle(each.ours)), number(peak(each.ours)), theirs, number(each.ratio)


def thresholds(found: Sequence[Compared], at_most: float = MOST_RATIO) -> list[Threshold]:
    """Of the long record its time and memory; of a record that was compared the ratio, and the reports that differ."""
    checked = []
    for each in found:
        if each.name == LONG:
            checked.append(Threshold(f"{LONG}: CPU s", middle(each.ours), most=MOST_S))
            checked.append(Threshold(f"{LONG}: MB", peak(each.ours), most=MOST_MB))
        if each.other:
            checked.append(Threshold(f"{each.name}: ratio of the CPU time", each.ratio, most=at_most))
            checked.append(Threshold(f"{each.name}: reports that differ", float(len(each.differ)), most=0.0))
    return checked


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = report.parser(str(__doc__), EXAMPLES)
    parser.add_argument("--run", type=Path, metavar="RUN", help="a run directory or its record.jsonl")
    parser.add_argument("--against", metavar="REV", help="a commit to compare with; needs --run and a git checkout")
    about = f"largest ratio of the CPU time to that of the other commit ({MOST_RATIO})"
    parser.add_argument("--at-most", type=report.positive, default=MOST_RATIO, metavar="RATIO", help=about)
    options = parser.parse_args(arguments)
    if options.against and not options.run:
        parser.error("--against needs --run: there is nothing to compare without a record")
    repeats = options.repeats or (1 if options.quick else 5)
    return report.finish(
        lambda: measure(options.run, options.against, repeats, quick=options.quick, at_most=options.at_most),
        ("msgspec",),
        options.json,
    )


if __name__ == "__main__":
    sys.exit(main())
