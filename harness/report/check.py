"""What is missing or wrong before runbooks can be drilled, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from harness.proposal.problem import Problem
from harness.report.format import as_json, printable


def to_text(problems: Sequence[Problem]) -> str:
    """One line per problem, by runbook; those of the whole file first."""
    return printable("\n".join(_lines(problems)) + "\n")


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    if not problems:
        yield "nothing is missing"
        return
    for runbook, found in groupby(problems, lambda each: each.runbook):
        yield f"{runbook or 'all runbooks'}:"
        yield from (f"  {each.place}: {each.fact}" for each in found)
    yield f"{len(problems)} to do"


def to_json(bindings: str, documents: Sequence[str], problems: Sequence[Problem]) -> str:
    """bindings, documents[], problems[] with runbook (null: all), file, line, column, fact."""
    whole = {
        "bindings": bindings,
        "documents": list(documents),
        "problems": [
            {
                "runbook": each.runbook or None,
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "fact": each.fact,
            }
            for each in problems
        ],
    }
    return as_json(whole)
