"""Same words, same answers: every supported line to the local platform's kubectl and to a real one, side by side."""

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
from tests.conformance.lines import SETTLE, Line, changes, looks, sample
from tests.conformance.report import Row, summary, to_markdown
from tests.conformance.sides import Said, Side, enlarge, lighten, local_side
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
AT_ONCE = 6
"""Lines that change nothing and are asked side by side: a kubectl waits more than it works."""
MOST_PASSING = 10
"""So many lines of some 1,300 may have differed only while one side was still on its way."""


@dataclass(frozen=True)
class Asked:
    """Every line with its answers, and the known differences with what they explained."""

    rows: Sequence[Row]
    entries: Sequence[Entry]
    whole: bool
    """Every line was compared, not a sample."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Asked]:
    if lack := cluster.missing():
        pytest.skip(f"no real cluster here: {lack}")
    folder = tmp_path_factory.mktemp("conformance")
    platform = LocalPlatform(folder / "local")
    try:
        platform.up()
        with cluster.cluster(folder) as real:
            local = local_side(platform)
            cluster.deploy(real, local, folder)
            for prepare in (lighten, enlarge, Side.measured):
                both(prepare, local, real)
            with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
                found = judged(local, real, folder)  # a table for people, and minutes in which they wait for it
            yield found
    finally:
        platform.down()


def chosen() -> tuple[list[Line], list[Line]]:
    """Lines that change nothing and lines that do: all, or a sample of GAMEDAY_CONFORMANCE_SAMPLE lines.

    The sample's seed is GAMEDAY_CONFORMANCE_SEED, by default the commit: every commit compares other lines, and a red
    one can be repeated.
    """
    told, changing = list({line.text: line for line in looks()}.values()), list(changes())
    count = int(os.environ.get("GAMEDAY_CONFORMANCE_SAMPLE", "0"))
    if not count:
        return told, changing
    seed = os.environ.get("GAMEDAY_CONFORMANCE_SEED") or commit()
    sys.__stderr__.write(f"a sample of {count} lines, GAMEDAY_CONFORMANCE_SEED={seed}\n")  # type: ignore[union-attr]
    reading = round(count * len(told) / (len(told) + len(changing)))
    return sample(told, reading, seed), sample(changing, count - reading, seed)


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def both(work: Callable[[Side], object], *sides: Side) -> list[object]:
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(work, sides))


def judged(local: Side, real: Side, folder: Path) -> Asked:
    """Looks first, side by side; then changes, one after the other."""
    entries = known.load()
    told, changing = chosen()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda line: ask(line, local, real), told))
    first = [row(line, *answer, entries) for line, answer in zip(told, answers, strict=True)]
    rows = [settled(each, local, real, entries) for each in first]
    progress(rows, "every look")
    for line in changing:
        if line.text == SETTLE:
            both(Side.settle, local, real)
            continue
        rows.append(settled(row(line, *ask(line, local, real), entries), local, real, entries))
        if len(rows) % 50 == 0:
            progress(rows, line.text)
    tell(rows, real, folder)
    return Asked(rows, entries, whole="GAMEDAY_CONFORMANCE_SAMPLE" not in os.environ)


def progress(rows: Sequence[Row], at: str) -> None:
    """For whoever waits, and for what is known when the wait is cut short."""
    open_ = [each.line.text for each in rows if each.unexplained]
    sys.__stderr__.write(f"{len(rows)} lines, at `{at}`; unexplained: {open_ or 'none'}\n")  # type: ignore[union-attr]


def ask(line: Line, local: Side, real: Side) -> tuple[Said, Said]:
    if line.text.startswith("rollout restart"):
        local.next_second()
    with ThreadPoolExecutor(2) as pool:
        here, there = pool.map(lambda side: side.ask(line), (local, real))
    return here, there


def row(line: Line, local: Said, real: Said, entries: Sequence[Entry]) -> Row:
    found = difference(line.text, local, real)
    whys, unexplained = reasons(line.text, found, entries)
    return Row(line, local.status, real.status, bool(found), whys, unexplained)


def settled(first: Row, local: Side, real: Side, entries: Sequence[Entry]) -> Row:
    """A row that nothing explains is asked anew once both sides have settled: two systems are compared at rest only."""
    if not first.unexplained:
        return first
    both(Side.settle, local, real)
    again = row(first.line, *ask(first.line, local, real), entries)
    return again if again.unexplained else replace(again, passing=first.unexplained)


def tell(rows: Sequence[Row], real: Side, folder: Path) -> None:
    """The table for people: as a file, its summary and everything unexplained on the terminal."""
    version = real.must("version").strip().replace("\n", ", ")
    file = Path(os.environ.get("GAMEDAY_CONFORMANCE_REPORT") or folder / "conformance.md")
    file.write_text(to_markdown(rows, version), encoding="utf-8")
    lines = [*summary(rows), *(f"{each.line.text}: {each.unexplained}" for each in rows if each.unexplained)]
    lines += [f"{each.line.text}: only until both had settled: {each.passing}" for each in rows if each.passing]
    sys.__stderr__.write("\n" + "\n".join([*lines, f"the whole table: {file}"]) + "\n")  # type: ignore[union-attr]


def test_every_line_is_answered_alike_or_differs_for_a_known_reason(asked: Asked) -> None:
    assert len(asked.rows) > (1000 if asked.whole else 100)
    assert {each.line.text: each.unexplained for each in asked.rows if each.unexplained} == {}


def test_no_known_difference_is_gone(asked: Asked) -> None:
    if not asked.whole:
        pytest.skip("a sample cannot show that a known difference is gone")
    assert [part for entry in asked.entries for part in entry.stale()] == []


def test_most_lines_are_answered_alike(asked: Asked) -> None:
    """Whatever is known: a list of differences is no cupboard."""
    assert sum(not each.differs for each in asked.rows) > 0.85 * len(asked.rows)


def test_next_to_nothing_differs_only_in_passing(asked: Asked) -> None:
    passing = {each.line.text: each.passing for each in asked.rows if each.passing}
    assert len(passing) <= MOST_PASSING, passing
