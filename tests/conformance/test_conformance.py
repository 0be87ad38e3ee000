"""Every supported line gives the same output with the local platform's kubectl and with a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.platforms.local.platform import LocalPlatform
from tests.conformance import cluster, known
from tests.conformance.compare import difference
from tests.conformance.known import Entry, reasons
from tests.conformance.lines import SETTLE, Line, changes, reads, sample
from tests.conformance.report import Row, summary, to_markdown
from tests.conformance.sides import Output, Side, local_side
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
AT_ONCE = 6
"""Number of lines that run in parallel; they change nothing, and kubectl mostly waits."""
MOST_PASSING = 10
"""Of about 1,300 lines, at most this many may differ only while one side is not at rest."""


@dataclass(frozen=True)
class Comparison:
    """All lines with their results, and the known differences with what they explained."""

    rows: Sequence[Row]
    entries: Sequence[Entry]
    whole: bool
    """Whether all lines were compared, not a sample."""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Comparison]:
    if lack := cluster.missing():
        pytest.skip(f"no real cluster here: {lack}")
    folder = tmp_path_factory.mktemp("conformance")
    platform = LocalPlatform(folder / "local")
    try:
        platform.up()
        with cluster.cluster(folder) as real:
            local = local_side(platform)
            cluster.deploy(real, local, folder)
            both(Side.measured, local, real)
            with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
                found = compare_all(local, real, folder)  # progress and summary are for people who wait for minutes
            yield found
    finally:
        platform.down()


def chosen() -> tuple[list[Line], list[Line]]:
    """Lines that change nothing and lines that do: all, or a sample of GAMEDAY_CONFORMANCE_SAMPLE lines.

    The seed is GAMEDAY_CONFORMANCE_SEED, by default the commit: each commit compares other lines, and a failure can
    be repeated.
    """
    reading, changing = list({line.text: line for line in reads()}.values()), list(changes())
    count = int(os.environ.get("GAMEDAY_CONFORMANCE_SAMPLE", "0"))
    if not count:
        return reading, changing
    seed = os.environ.get("GAMEDAY_CONFORMANCE_SEED") or commit()
    sys.__stderr__.write(f"a sample of {count} lines, GAMEDAY_CONFORMANCE_SEED={seed}\n")  # type: ignore[union-attr]
    share = round(count * len(reading) / (len(reading) + len(changing)))
    return sample(reading, share, seed), sample(changing, count - share, seed)


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def both(work: Callable[[Side], object], *sides: Side) -> list[object]:
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(work, sides))


def compare_all(local: Side, real: Side, folder: Path) -> Comparison:
    """Compare the lines that read in parallel, then those that change one after the other."""
    entries = known.load()
    reading, changing = chosen()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outputs = list(pool.map(lambda line: run_both(line, local, real), reading))
    first = [row(line, *output, entries) for line, output in zip(reading, outputs, strict=True)]
    rows = [settled(each, local, real, entries) for each in first]
    progress(rows, "all reads")
    for line in changing:
        if line.text == SETTLE:
            both(Side.settle, local, real)
            continue
        rows.append(settled(row(line, *run_both(line, local, real), entries), local, real, entries))
        if len(rows) % 50 == 0:
            progress(rows, line.text)
    write_report(rows, real, folder)
    return Comparison(rows, entries, whole="GAMEDAY_CONFORMANCE_SAMPLE" not in os.environ)


def progress(rows: Sequence[Row], at: str) -> None:
    """Print progress, so that an interrupted run shows what it found."""
    open_ = [each.line.text for each in rows if each.unexplained]
    sys.__stderr__.write(f"{len(rows)} lines, at `{at}`; unexplained: {open_ or 'none'}\n")  # type: ignore[union-attr]


def run_both(line: Line, local: Side, real: Side) -> tuple[Output, Output]:
    if line.text.startswith("rollout restart"):
        local.next_second()
    with ThreadPoolExecutor(2) as pool:
        here, there = pool.map(lambda side: side.run_line(line), (local, real))
    return here, there


def row(line: Line, local: Output, real: Output, entries: Sequence[Entry]) -> Row:
    found = difference(line.text, local, real)
    whys, unexplained = reasons(line.text, found, entries)
    return Row(line, local.status, real.status, bool(found), whys, unexplained)


def settled(first: Row, local: Side, real: Side, entries: Sequence[Entry]) -> Row:
    """Repeat a line with an unexplained difference once both sides are at rest."""
    if not first.unexplained:
        return first
    both(Side.settle, local, real)
    again = row(first.line, *run_both(first.line, local, real), entries)
    return again if again.unexplained else replace(again, passing=first.unexplained)


def write_report(rows: Sequence[Row], real: Side, folder: Path) -> None:
    """Write the report to a file, and print its summary and every unexplained difference."""
    version = real.must("version").strip().replace("\n", ", ")
    file = Path(os.environ.get("GAMEDAY_CONFORMANCE_REPORT") or folder / "conformance.md")
    file.write_text(to_markdown(rows, version), encoding="utf-8")
    lines = [*summary(rows), *(f"{each.line.text}: {each.unexplained}" for each in rows if each.unexplained)]
    lines += [f"{each.line.text}: only before both sides were at rest: {each.passing}" for each in rows if each.passing]
    sys.__stderr__.write("\n" + "\n".join([*lines, f"the complete table: {file}"]) + "\n")  # type: ignore[union-attr]


def test_every_line_is_equal_or_differs_for_a_known_reason(comparison: Comparison) -> None:
    assert len(comparison.rows) > (1000 if comparison.whole else 100)
    assert {each.line.text: each.unexplained for each in comparison.rows if each.unexplained} == {}


def test_every_known_difference_still_exists(comparison: Comparison) -> None:
    if not comparison.whole:
        pytest.skip("a sample cannot show that a known difference is gone")
    assert [part for entry in comparison.entries for part in entry.stale()] == []


def test_most_lines_are_equal(comparison: Comparison) -> None:
    """Known differences must remain the exception: 88 % of all lines are equal, a sample of 150 varies by 3 %."""
    least = 0.85 if comparison.whole else 0.75
    assert sum(not each.differs for each in comparison.rows) > least * len(comparison.rows)


def test_few_lines_differ_only_before_both_sides_are_at_rest(comparison: Comparison) -> None:
    passing = {each.line.text: each.passing for each in comparison.rows if each.passing}
    assert len(passing) <= MOST_PASSING, passing
