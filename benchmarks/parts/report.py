"""Report of a benchmark: a table with ratios, its thresholds, JSON, and the exit code."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.machine import Machine, lines, this_machine
from benchmarks.parts.processes import RunError

MET, MISSED, UNUSABLE = 0, 1, 2
EXIT_CODES = "exit codes: 0 all thresholds met, 1 one is missed, 2 the benchmark cannot be run here"


class UnusableError(Exception):
    """The benchmark cannot be run here; the message says what to do."""


@dataclass(frozen=True)
class Threshold:
    """A figure and the bounds that it must lie between; NaN, a missing figure, meets none."""

    name: str
    value: float
    least: float = -math.inf
    most: float = math.inf

    @property
    def met(self) -> bool:
        """Return whether the value lies between the bounds."""
        return self.least <= self.value <= self.most

    def line(self) -> str:
        """Return the line of the text report."""
        bounds = " and ".join(
            f"{word} {bound:g}" for word, bound in (("≥", self.least), ("≤", self.most)) if math.isfinite(bound)
        )
        return f"{'✓' if self.met else '✗'} {self.name}: {number(self.value)} (must be {bounds})"


@dataclass(frozen=True)
class Table:
    """`rows` are cells as they are shown; the first column names the generator."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """Return the table, aligned; the first column to the left, the others to the right."""
        cells = [self.columns, *self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        shown = [_aligned(row, widths) for row in cells]
        return "\n".join([self.title, shown[0], "-" * len(shown[0]), *shown[1:]])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join((row[0].ljust(widths[0]), *others))


@dataclass(frozen=True)
class Report:
    """Result of a benchmark; `rules` state how it was measured, `notes` what was left out and why."""

    rules: Sequence[str]
    tables: Sequence[Table]
    thresholds: Sequence[Threshold]
    notes: Sequence[str] = ()
    figures: Mapping[str, object] = field(default_factory=dict)

    def text(self, machine: Machine) -> str:
        """Return the report as text."""
        parts = [lines(machine).rstrip(), "\n".join(self.rules), *(table.text() for table in self.tables)]
        if self.notes:
            parts.append("\n".join(f"note: {note}" for note in self.notes))
        return "\n\n".join([*parts, "\n".join(threshold.line() for threshold in self.thresholds)]) + "\n"

    def to_json(self, machine: Machine) -> str:
        """Return the report as JSON, with figures unrounded."""
        thresholds = [{**asdict(threshold), "met": threshold.met} for threshold in self.thresholds]
        content = {
            "machine": machine.to_json(), "rules": list(self.rules), "figures": self.figures, "thresholds": thresholds,
            "notes": list(self.notes), "met": all(threshold.met for threshold in self.thresholds),
        }  # fmt: skip
        return json.dumps(_plain(content), indent=2, ensure_ascii=False) + "\n"


def number(value: float) -> str:
    """Format a number to about three digits."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3g}"


def parser(about: str, examples: str) -> argparse.ArgumentParser:
    """Return a parser with the options of all benchmarks."""
    made = argparse.ArgumentParser(
        description=about, epilog=f"{EXIT_CODES}\n\nexamples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("--quick", action="store_true", help="a smaller form that ends within 60 s")
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    made.add_argument(
        "--repeats", type=positive_int, default=None, help="how often everything runs; figures are medians"
    )
    return made


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def positive(text: str) -> float:
    """Parse a number above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def progress(text: str) -> None:
    """Write a line of progress to stderr."""
    sys.stderr.write(f"… {text}\n")
    sys.stderr.flush()


def finish(measure: Callable[[], Report], packages: Sequence[str], as_json: bool) -> int:
    """Measure, print the report, and return the exit code."""
    machine = this_machine(packages)
    try:
        report = measure()
    except (UnusableError, RunError, OSError) as error:
        sys.stderr.write(f"cannot be measured: {error}\n")
        return UNUSABLE
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return UNUSABLE
    sys.stdout.write(report.to_json(machine) if as_json else report.text(machine))
    return MET if all(threshold.met for threshold in report.thresholds) else MISSED


def _plain(value: object) -> object:
    """Return the value with infinity and NaN as None, since JSON has neither."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
