"""Measure the coverage of the test suite, subprocesses included, and print the total and the ten least covered files.

Arguments go to pytest: `python ci/coverage.py tests/fakes`. The exit status is pytest's; no figure makes it fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LEAST = 10


def coverage(folder: Path, *arguments: str) -> int:
    """Run the coverage program of this interpreter with its data in a folder; return its exit status.

    Each process writes a data file of its own; in the work tree they would be found by the tests that compare it.
    """
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "coverage")}
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


def summary(report: dict[str, Any]) -> list[str]:
    """Return the lines to print from coverage's JSON report: the total, then the least covered files, worst first."""
    files = report["files"]
    measured = {name: each["summary"] for name, each in files.items() if each["summary"]["num_statements"]}
    worst = sorted(measured.items(), key=lambda item: (item[1]["percent_covered"], item[0]))[:LEAST]
    lines = [f"total: {report['totals']['percent_covered']:.1f} % of {report['totals']['num_statements']} statements"]
    for name, each in worst:
        lines.append(f"{each['percent_covered']:5.1f} %  {each['missing_lines']:4d} lines not run  {name}")
    return lines


def main(arguments: list[str]) -> int:
    """Run pytest under coverage, combine the data of all processes and print the summary; return pytest's status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "coverage.json"
        status = coverage(folder, "run", "-m", "pytest", "-n", "0", *arguments)
        coverage(folder, "combine", "--quiet")
        if coverage(folder, "json", "--quiet", "-o", str(path)):
            return status or 1
        print("\n".join(summary(json.loads(path.read_text(encoding="utf-8")))))  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
