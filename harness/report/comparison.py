"""The result of a comparison as text and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.comparison.result import BlockResult, ComparisonResult, Row, ScenarioResult, SideBlock
from harness.report.format import as_json, printable
from harness.stats.duet import POWER, Effect, Outcome

VERSION = 1
"""Version of the JSON; raised with every change that an older reader would misunderstand."""
_MARKS = {Outcome.NOT_WORSE: "✓", Outcome.REGRESSED: "✗", Outcome.UNDECIDED: "?"}
_HEAD = f"    {'':<6}{'base':>10}{'candidate':>11}{'change':>9}  {'interval':<18}{'detectable':>10}  result"


def to_text(result: ComparisonResult) -> str:
    """The whole result, with a newline at the end."""
    lines = [f"base       {result.base.text}", f"candidate  {result.candidate.text}", ""]
    lines += [line for each in result.scenarios for line in (*_scenario(each), "")]
    sure, more = f"{1 - result.alpha:.0%}", f"{result.margin:.0%}"
    lines += [
        f"{result.outcome.value.upper()} in {result.seconds:.0f} s  {_summary(result)}",
        f"confidence {sure} in each direction for all rows together, at any time; not worse: by less than {more}",
    ]
    return printable("\n".join(lines) + "\n")


def _summary(result: ComparisonResult) -> str:
    rows = [(each, row) for each in result.scenarios for row in each.rows if row.outcome is Outcome.REGRESSED]
    if rows:
        return "; ".join(f"{each.runbook} {row.measure} {show_change(row)}" for each, row in rows)
    return "the record stops before the end of the comparison" if result.cut else ""


def _scenario(each: ScenarioResult) -> Iterator[str]:
    base, candidate = each.requests
    length = f" of {each.block_s:g} s" if each.block_s else ""
    load = f"scenario {each.scenario}, series {each.series}"
    yield f"{_MARKS[each.outcome]} {each.runbook}  {load}  {each.outcome.value.upper()}"
    yield f"    {base} + {candidate} requests in {len(each.used)} of {each.planned} blocks{length}{show_left_out(each)}"
    yield _HEAD
    for row in each.rows:
        yield f"    {_row(row)}".rstrip()


def show_left_out(each: ScenarioResult) -> str:
    """How many blocks were not judged, and why; empty: none."""
    count = len(each.blocks) - len(each.used)
    return f"; {count} left out: the generator fell behind, or nothing arrived" if count else ""


def _row(row: Row) -> str:
    values = f"{show_value(row, row.base):>10}{show_value(row, row.candidate):>11}{show_change(row):>9}"
    why = f" ({row.why})" if row.why else ""
    return f"{row.measure:<6}{values}  {show_interval(row):<18}{show_detectable(row):>10}  {row.outcome.value}{why}"


def show_value(row: Row, value: float | None) -> str:
    """`105.3 ms`, `0.20%`, or a dash."""
    if value is None:
        return "–"
    return f"{value:.1f} ms" if row.unit == "ms" else f"{value:.2%}"


def show_change(row: Row) -> str:
    """The change of the candidate: `+12.1%` of a latency, `+0.20 pp` of a fraction, or a dash."""
    return "–" if row.effect is None else show_effect(row, row.effect.value)


def show_interval(row: Row) -> str:
    """`[+8.0%, +16.3%]`; empty without one."""
    if row.effect is None or not math.isfinite(row.effect.low):
        return ""
    return f"[{show_effect(row, row.effect.low)}, {show_effect(row, row.effect.high)}]"


def show_detectable(row: Row) -> str:
    """The smallest change that the budget finds with a probability of POWER, or a dash."""
    if row.effect is None or not math.isfinite(row.effect.detectable):
        return "–"
    return show_effect(row, row.effect.detectable)


def show_effect(row: Row, effect: float) -> str:
    """`+12.1 %` of a latency; `+0.20 pp` (percentage points) of a fraction."""
    return f"{math.expm1(effect):+.1%}" if row.unit == "ms" else f"{100 * effect:+.2f} pp"


def show_progress(each: ScenarioResult) -> str:
    """One line about a comparison that is under way."""
    rows = (f"{row.measure} {show_change(row)} {show_interval(row)}".rstrip() for row in each.rows)
    return f"{each.runbook}: {len(each.blocks)} of {each.planned} blocks  {', '.join(rows)}"


def to_json(result: ComparisonResult) -> str:
    """The whole result with the figures of every block, as indented JSON."""
    return as_json(
        {
            "version": VERSION,
            "kind": "comparison",
            "outcome": result.outcome.value,
            "exit_code": result.exit_code,
            "base": {"name": result.base.name, "detail": result.base.detail},
            "candidate": {"name": result.candidate.name, "detail": result.candidate.detail},
            "platform": result.platform,
            "margin": result.margin,
            "alpha": result.alpha,
            "power": POWER,
            "budget_s": result.budget_s,
            "seconds": result.seconds,
            "cut": result.cut,
            "quantiles": list(result.quantiles),
            "scenarios": [_scenario_json(each) for each in result.scenarios],
        }
    )


def _scenario_json(each: ScenarioResult) -> dict[str, object]:
    base, candidate = each.requests
    return {
        "runbook": each.runbook,
        "scenario": each.scenario,
        "series": each.series,
        "outcome": each.outcome.value,
        "ended": each.ended,
        "requests": {"base": base, "candidate": candidate},
        "block_s": each.block_s,
        "planned_blocks": each.planned,
        "rows": [_row_json(row) for row in each.rows],
        "blocks": [_block_json(block) for block in each.blocks],
    }


def _row_json(row: Row) -> dict[str, object]:
    """Effects of latencies as ratios, those of fractions as differences."""
    return {
        "measure": row.measure,
        "unit": row.unit,
        "base": row.base,
        "candidate": row.candidate,
        "effect": "ratio" if row.unit == "ms" else "difference",
        **_effect_json(row),
        "margin": _plain(row, row.margin),
        "outcome": row.outcome.value,
        "blocks": row.blocks,
        "why": row.why,
    }


def _effect_json(row: Row) -> dict[str, object]:
    found = row.effect or Effect(math.nan)
    limits = [_plain(row, found.low), _plain(row, found.high)]
    return {
        "value": _plain(row, found.value),
        "interval": None if None in limits else limits,
        "detectable": _plain(row, found.detectable),
    }


def _plain(row: Row, effect: float) -> float | None:
    """An effect as a ratio or a difference; null where there is none."""
    if not math.isfinite(effect):
        return None
    return round(math.exp(effect) if row.unit == "ms" else effect, 6)


def _block_json(block: BlockResult) -> dict[str, object]:
    sides = {"base": block.base, "candidate": block.candidate}
    return {"start_s": block.start_s, "used": block.used, **{name: _side_json(each) for name, each in sides.items()}}


def _side_json(side: SideBlock) -> dict[str, object]:
    return {"requests": side.requests, "bad": side.bad, "quantiles_ms": list(side.quantiles_ms)}
