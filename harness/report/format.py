"""How values of a result are written for people: shared by all report formats and by the progress display."""

from __future__ import annotations

import json

from harness.verdict.budget import Budget
from harness.verdict.measurement import Measurement
from harness.verdict.quantities import show_measurement, show_number
from harness.verdict.result import SequentialRun, Verdict

MARKS = {
    "ok": "✓",
    "passed": "✓",
    "failed": "✗",
    "refused": "✗",
    "manual": "·",
    "skipped": "·",
    "not checked": "·",
    "inconclusive": "?",
    "met": "✓",
    "missed": "✗",
    "reached": "·",
    "not reached": "·",
    "not applicable": "·",
}
"""One character for the verdict of a drill, a step, a dashboard or a row of a procedure, in text."""
SIGNS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INCONCLUSIVE: "❔"}
"""The sign of a drill's verdict where Markdown is rendered."""
NO_DATA = "no data"


def show_interval(measurement: Measurement, unit: str) -> str:
    """`[398, 430]` in the measurement's unit; `(≥ 398)`, `(≤ 2.1)` where the other end is no limit; "" without any."""
    if measurement.interval is None:
        return ""
    low, high = measurement.interval
    more = _more_digits(measurement, unit)
    shown = [show_number(end, unit, more).split(" ", maxsplit=1)[0] for end in measurement.interval]
    limits = low > 0, high is not None and not (unit == "ratio" and high >= 1)
    return {
        (True, True): f"[{shown[0]}, {shown[1]}]",
        (True, False): f"(≥ {shown[0]})",
        (False, True): f"(≤ {shown[1]})",
        (False, False): "",
    }[limits]


def _more_digits(measurement: Measurement, unit: str) -> int:
    """Digits to add so that the ends of an interval differ as text."""
    if measurement.interval is None or measurement.interval[1] is None:
        return 0
    low, high = measurement.interval
    return next((more for more in range(9) if show_number(low, unit, more) != show_number(high, unit, more)), 0)


def show_evidence(measurement: Measurement | None) -> str:
    """`n 547 (318 effective)`: arrivals and effective sample size; `60 samples`; "" without any."""
    if measurement is None or not measurement.n:
        return ""
    if measurement.counted == "samples":
        return f"{measurement.n} samples"
    effective = (
        ""
        if measurement.effective is None or measurement.alpha is None
        else f" ({measurement.effective:.0f} effective)"
    )
    return f"n {measurement.n}{effective}"


def show_estimate(measurement: Measurement | None, unit: str) -> str:
    """`412 ms [398, 430]`: value and confidence interval; `3 (range 1–7)` of samples; `no data` without any."""
    if measurement is None or not measurement.n:
        return NO_DATA
    spread = show_interval(measurement, unit) if measurement.range is None else _range(measurement.range, unit)
    return f"{show_measurement(measurement, unit, _more_digits(measurement, unit))} {spread}".rstrip()


def _range(ends: tuple[float, float], unit: str) -> str:
    """`(range 1–7)`; "" where all samples are the same."""
    low, high = (show_number(end, unit).split(" ", maxsplit=1)[0] for end in ends)
    return f"(range {low}–{high})" if low != high else ""


def show_seconds(value: float | None) -> str:
    """`1.5 s`, or `not seen`."""
    return "not seen" if value is None else f"{value:.1f} s"


def show_budget(budget: Budget) -> str:
    """`0.12 % of 28 days' error budget`: the share of the error budget that the incident used."""
    return f"{budget.spent * 100:.2g} % of {budget.window_s / 86400:g} days' error budget"


def show_confidence(alpha: float, slos: int) -> str:
    """`99 % (α = 1 %, split across 2 SLOs for breaches); intervals are valid at any time`."""
    split = f", split across {slos} SLOs for breaches" if slos > 1 else ""
    return f"{100 * (1 - alpha):.4g} % (α = {100 * alpha:.3g} %{split}); intervals are valid at any time"


def show_control(run: SequentialRun) -> str:
    """How a sequential control was run, and why."""
    return f"sequential, on the same platform before the treatment, observed for {run.observe_s:.0f} s: {run.why}"


def printable(text: str) -> str:
    """The text with control characters escaped (`\\x1b`), since a terminal would execute those of any document.

    Tabs and line ends stay.
    """
    return "".join(sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in text)


def as_json(value: object) -> str:
    """The value as indented JSON with a line end; characters that are no printable text are escaped."""
    whole = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in whole)


def one_line(text: str) -> str:
    """The text with each run of white space as one space."""
    return " ".join(text.split())


def cut(text: str, width: int) -> str:
    """The text, ended by an ellipsis where it is longer than `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"
