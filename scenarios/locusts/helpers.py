"""What runs beside the load in a locust process that reports to the harness."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from scenarios.generator import clock
from scenarios.generator.report import BEAT_S, PARENT_CHECK_S, Report


def start(report: Report, beat: Callable[[float], None], *loops: Callable[[], None]) -> list[gevent.Greenlet]:
    """Start the loops, one that calls `beat` with the time about once per slice, and one that ends an orphan.

    An error in one of them ends the process with it.
    """

    def died(helper: gevent.Greenlet) -> None:
        report.die(f"the generator broke: {helper.exception!r}")

    helpers = [gevent.spawn(loop) for loop in (lambda: _beat(beat), lambda: _watch_parent(report), *loops)]
    for helper in helpers:
        helper.link_exception(died)
    return helpers


def _beat(beat: Callable[[float], None]) -> None:
    due_s = clock.now()
    while True:
        due_s += BEAT_S
        gevent.sleep(max(0.0, due_s - clock.now()))
        beat(due_s)


def _watch_parent(report: Report) -> None:
    while True:
        gevent.sleep(PARENT_CHECK_S)
        report.orphaned()
