"""The conformance report in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.conformance.lines import Line


@dataclass(frozen=True)
class Row:
    """One line, both exit statuses (None: it was stopped at its limit), and why the outputs differ."""

    line: Line
    local: int | None
    real: int | None
    differs: bool
    whys: Sequence[str]
    unexplained: Sequence[str]
    passing: Sequence[str] = ()
    """Unexplained differences that disappeared once both sides were at rest."""

    @property
    def verdict(self) -> str:
        if not self.differs:
            return "same"
        return "**different**" if self.unexplained else "differs, known"


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Counts by source of the lines, then by reason."""
    yield from ("| lines from | compared | same | known difference | other difference |", "|---|---|---|---|---|")
    for source in [*dict.fromkeys(row.line.source for row in rows), ""]:
        chosen = [row for row in rows if source in ("", row.line.source)]
        counts = Counter(row.verdict for row in chosen)
        numbers = " | ".join(str(counts[name]) for name in ("same", "differs, known", "**different**"))
        yield f"| {source or 'all'} | {len(chosen)} | {numbers} |"
    yield from ("", "| known difference | lines |", "|---|---|")
    whys = Counter(why for row in rows for why in row.whys)
    yield from (f"| {why} | {count} |" for why, count in whys.most_common())


def to_markdown(rows: Sequence[Row], server: str) -> str:
    """The summary, followed by every line."""
    lines = [f"# The local platform's kubectl compared with a real one ({server})", "", *summary(rows), ""]
    lines += ["| kubectl … | exit status | expected | output | why |", "|---|---|---|---|---|"]
    for row in rows:
        passing = [f"only before both sides were at rest: {each}" for each in row.passing[:5]]
        why = "; ".join([*row.whys, *row.unexplained[:5], *passing])
        cells = (_code(row.line.text), _status(row.local), _status(row.real), row.verdict, _plain(why))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _status(status: int | None) -> str:
    return "follows" if status is None else str(status)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _code(text: str) -> str:
    return f"`` {text.replace('|', chr(92) + '|')} ``"
