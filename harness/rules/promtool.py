"""Unit tests of generated rules: of each alert, when it must not fire yet, must fire, and must have ended.

The times follow from the bad share alone: after a healthy time of the long window L, an incident in which the share p
is bad brings the share over L to x after x / p × L. So an alert with the threshold x must fire then, and not before.
With p = 2x, that is half of L: another window or threshold is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.measures.promql import BadShare
from harness.rules.generate import Alert, SloRules
from harness.stats.burn import Row

SAMPLES = 144
"""A healthy long window has at least so many samples, or one a minute."""
PER_MINUTE = 1000
EARLY, LATE = 2, 3
"""Samples before and after the expected time, as rates are extrapolated to the ends of their windows."""
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_SAMPLE_VALUES = ("200", "400", "500", "503", "x", "web", "other")
"""Candidates for a label that a regular expression selects, or must not select."""

Yaml = dict[str, object]


def step_of(row: Row) -> int:
    """Minutes between the samples of a test: a minute, or so that its long window has SAMPLES, its short one five."""
    long_min, short_min = int(row.long.seconds // 60), int(row.short.seconds // 60)
    return min(max(1, long_min // SAMPLES), max(1, short_min // 5))


def promtool_tests(each: SloRules, step_min: int) -> Iterator[Yaml]:
    """The tests with this step of the alerts of an SLO; of one whose selectors have no example labels, none."""
    for alert in each.alerts:
        if alert.row is not None and step_of(alert.row) == step_min and (found := _test(each, alert, alert.row)):
            yield found


@dataclass(frozen=True)
class _Course:
    """A healthy time, an incident in which the share `bad_share` is bad, and a healthy time again, in samples."""

    step_min: int
    healthy: int
    bad: int
    again: int
    bad_share: float

    def values(self, healthy: float, incident: float) -> str:
        """A counter that grows by these shares of the events, in promtool's notation `START+STEPxMORE`."""
        start, parts = 0, []
        for samples, share in ((self.healthy, healthy), (self.bad, incident), (self.again, healthy)):
            step = round(PER_MINUTE * self.step_min * share)
            parts.append(f"{start}+{step}x{samples - 1}")
            start += step * samples
        return " ".join(parts)


def _test(each: SloRules, alert: Alert, row: Row) -> Yaml | None:
    long_min, short_min, step_min = int(row.long.seconds // 60), int(row.short.seconds // 60), step_of(row)
    bad_share = min(1.0, 2 * alert.threshold)
    fires_after = alert.threshold / bad_share * long_min / step_min
    healthy, bad, again = long_min // step_min, round(fires_after) + 2 * LATE, short_min // step_min + 2 * LATE
    course = _Course(step_min, healthy, bad, again, bad_share)
    series = _series(each.share, course)
    if series is None:
        return None
    begins = healthy * step_min
    quiet = max(healthy, healthy + int(fires_after) - EARLY) * step_min
    cases = [
        (min(begins - step_min, quiet), False),
        (quiet, False),
        ((healthy + round(fires_after) + LATE) * step_min, True),
        ((healthy + bad + again - 1) * step_min, False),
    ]
    checks = [_check(each, alert, minute, fires=fires) for minute, fires in dict(cases).items()]
    return {
        "name": f"{alert.name}: fires after {fires_after * step_min:.0f} min of {bad_share:.3g} bad",
        "interval": f"{step_min}m",
        "input_series": series,
        "alert_rule_test": checks,
    }


def _check(each: SloRules, alert: Alert, minute: int, *, fires: bool) -> Yaml:
    labels = {"severity": alert.severity, "slo": each.slo.name, "runbooks": ",".join(each.runbooks)}
    annotations = {"summary": alert.summary, "runbook_url": each.runbook_url}
    expected = [{"exp_labels": labels, "exp_annotations": annotations}] if fires else []
    return {"eval_time": f"{minute}m", "alertname": alert.name, "exp_alerts": expected}


def _series(share: BadShare, course: _Course) -> list[Yaml] | None:
    """Counters of which the healthy time has good events only."""
    found: dict[str, str] = {}
    good_events, bad_events = (1.0, 1.0 - course.bad_share), (0.0, course.bad_share)
    for text in share.part:
        part = _example(text, ())
        if part is None:
            return None
        found[part] = course.values(*(good_events if share.good else bad_events))
    for text in share.total:
        rest = _example(text, () if share.good else share.part)
        if rest is None:
            return None
        if rest not in found:
            found[rest] = course.values(*(good_events if share.part_in_total else (1.0, 1.0)))
    return [{"series": series, "values": values} for series, values in found.items()]


def _example(text: str, not_of: tuple[str, ...]) -> str | None:
    """A series that a selector selects, and none of the same metric in `not_of`; None without a simple one."""
    name, matchers = _parsed(text)
    labels: dict[str, str] = {}
    for label, op, value in matchers:
        chosen = _value(op, value, selected=True)
        if chosen is None:
            return None
        labels[label] = chosen
    for other, more in map(_parsed, not_of):
        further = [each for each in more if each[0] not in labels]
        if other == name and further:
            label, op, value = further[0]
            chosen = _value(op, value, selected=False)
            if chosen is None:
                return None
            labels[label] = chosen
    inner = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{inner}}}"


def _parsed(text: str) -> tuple[str, list[tuple[str, str, str]]]:
    name, _, braces = text.partition("{")
    return name.strip(), _MATCHER.findall(braces)


def _value(op: str, value: str, *, selected: bool) -> str | None:
    """A value that a matcher selects, or does not select."""
    candidates = (*_SAMPLE_VALUES, value)
    return next((each for each in candidates if _selects(op, value, each) == selected), None)


def _selects(op: str, value: str, candidate: str) -> bool:
    if op in ("=", "!="):
        return (candidate == value) == (op == "=")
    try:
        return bool(re.fullmatch(value, candidate)) == (op == "=~")
    except re.error:
        return False
