"""The conformance table, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.conformance.lines import Line


@dataclass(frozen=True)
class Row:
    """One line, both exit statuses (None: it did not end and was ended), and why the answers differ."""

    line: Line
    local: int | None
    real: int | None
    differs: bool
    whys: Sequence[str]
    unexplained: Sequence[str]
    passing: Sequence[str] = ()
    """What nothing explained, and was gone once both sides had settled."""

    @property
    def verdict(self) -> str:
        if not self.differs:
            return "same"
        return "**different**" if self.unexplained else "differs, known"


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """By where the lines come from; then by reason."""
    yield from ("| lines from | asked | same | known difference | other difference |", "|---|---|---|---|---|")
    for source in [*dict.fromkeys(row.line.source for row in rows), ""]:
        chosen = [row for row in rows if source in ("", row.line.source)]
        counts = Counter(row.verdict for row in chosen)
        numbers = " | ".join(str(counts[name]) for name in ("same", "differs, known", "**different**"))
        yield f"| {source or 'all'} | {len(chosen)} | {numbers} |"
    yield from ("", "| known difference | lines |", "|---|---|")
    whys = Counter(why for row in rows for why in row.whys)
    yield from (f"| {why} | {count} |" for why, count in whys.most_common())


def to_markdown(rows: Sequence[Row], server: str) -> str:
    """The summary, and below it every line."""
    lines = [f"# The local platform's kubectl beside a real one ({server})", "", *summary(rows), ""]
    lines += ["| kubectl … | exit status | really | answer | why |", "|---|---|---|---|---|"]
    for row in rows:
        why = "; ".join(
            [*row.whys, *row.unexplained[:5], *(f"only until both had settled: {each}" for each in row.passing[:5])]
        )
        cells = (_code(row.line.text), _status(row.local), _status(row.real), row.verdict, _plain(why))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _status(status: int | None) -> str:
    return "follows" if status is None else str(status)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _code(text: str) -> str:
    return f"`` {text.replace('|', chr(92) + '|')} ``"
