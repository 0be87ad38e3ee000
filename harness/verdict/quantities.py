"""A measured value as text, in the unit of what was measured."""

from __future__ import annotations

from harness.verdict.measurement import Measurement


def show_measurement(measurement: Measurement, unit: str, more: int = 0) -> str:
    """`412 ms`, `99.7 %`, `none good` (there were arrivals, and none of them succeeded), or `no data`."""
    if measurement.value is None and measurement.n:
        return "none good"
    return show_number(measurement.value, unit, more)


def show_number(value: float | None, unit: str, more: int = 0) -> str:
    """`412 ms`, `99.7 %`, `3`, or `no data`. A ratio is given as a fraction and shown in percent; `more` digits."""
    if value is None:
        return "no data"
    if unit == "ratio":
        return f"{value * 100:.{(3 if value < 0.995 else 4) + more}g} %"
    return f"{value:.{more}f} ms" if unit == "ms" else f"{value:.{6 + more}g}"
