"""Print a Markdown table of a JUnit file: one row per test file with its outcomes and seconds."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET


def outcome(case: ET.Element) -> str:
    """passed, failed or skipped."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def table(path: Path) -> str:
    """The table, followed by the reasons of skipped tests."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for case in ET.parse(path).iter("testcase"):  # noqa: S314  written by pytest a moment ago
        name = case.get("classname", "")
        counts[name][outcome(case)] += 1
        seconds[name] += float(case.get("time", 0))
        skip = case.find("skipped")
        if skip is not None:
            reasons[skip.get("message", "")] += 1
    lines = ["| tests | passed | failed | skipped | seconds |", "|---|---|---|---|---|"]
    for name in sorted(counts):
        each = counts[name]
        lines.append(f"| {name} | {each['passed']} | {each['failed']} | {each['skipped']} | {seconds[name]:.0f} |")
    return "\n".join([*lines, *(f"skipped {count}: {reason}" for reason, count in reasons.items())])


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1])) + "\n")
