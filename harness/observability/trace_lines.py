"""Checks a line such as "Jaeger: Tool service traces" by Jaeger's query API: the slow or failing trace is there."""

from __future__ import annotations

import re

from harness.errors import MonitoringError
from harness.observability.api import Api
from harness.observability.boards import Found, Window
from harness.observability.traces import MOST, Trace, TraceSpan, services, slowest, traces

BEFORE_S = 60.0
"""Traces of so long before the window say how slow the service was without the incident."""
SHOWN = 8
"""Spans of a critical path that are shown."""


def check_traces(api: Api, name: str, service: str, window: Window) -> Found:
    """What Jaeger has of an incident; `service`: the one of the drill, unless the line names another.

    Never raises for its answers: a refusal is `unknown`, with the reason.
    """
    try:
        known = services(api)
        chosen = _named(name, known) or service
        if chosen not in known:
            there = ", ".join(known) or "none"
            return Found("failed", f"Jaeger has no service `{chosen}`; it has {there}")
        return _check(api, chosen, window)
    except MonitoringError as error:
        return Found("unknown", str(error))


def _check(api: Api, service: str, window: Window) -> Found:
    before = Window(window.start_s - BEFORE_S, window.start_s)
    failing, usual = _failing_per_s(api, service, window), _failing_per_s(api, service, before)
    if failing > usual:
        found = slowest(api, service, window.start_s, window.end_s, failed=True)
        more = f"; {failing:.1f} of them a second, before it {usual:.1f}" if usual else ""
        return Found("ok", f"a failing trace of {service} is found: {_shown(_slowest(found))}{more}")
    every = slowest(api, service, window.start_s, window.end_s)
    if not every:
        return Found("failed", f"{service} has no trace in the incident")
    slow, earlier = _slowest(every), slowest(api, service, before.start_s, before.end_s)
    usual_s = max((one.root.seconds for one in earlier), default=0.0)
    if earlier and slow.root.seconds > usual_s:
        return Found("ok", f"a slow trace of {service} is found: {_shown(slow)}; before it at most {usual_s:.2f} s")
    count = "1 trace" if len(every) == 1 else f"{len(every)} traces"
    than = f"slower than the {usual_s:.2f} s before it" if earlier else "known to be slow: there is none before it"
    fails = (
        f"no more of them fail than before it ({failing:.1f} a second), and none"
        if failing
        else "none of which failed or"
    )
    return Found("failed", f"{service} has {count} in the incident, {fails} is {than}")


def _failing_per_s(api: Api, service: str, window: Window) -> float:
    """Failing traces per second; of more than are read, since the oldest of them."""
    found = traces(api, service, window.start_s, window.end_s, failed=True)
    start_s = window.start_s if len(found) < MOST else min(one.root.start_s for one in found)
    return len(found) / max(1.0, window.end_s - start_s)


def _named(name: str, known: list[str]) -> str:
    """The service that a line names: the longest one whose words are all in it; "" for none."""
    words = _words(name)
    return max((each for each in known if _words(each) and _words(each) <= words), key=len, default="")


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def _slowest(found: list[Trace]) -> Trace:
    return max(found, key=lambda trace: trace.root.seconds)


def _shown(trace: Trace) -> str:
    path = trace.critical_path()
    more = f" → and {len(path) - SHOWN} more" if len(path) > SHOWN else ""
    return f"{trace.id}, critical path {' → '.join(map(_span, path[:SHOWN]))}{more}"


def _span(span: TraceSpan) -> str:
    attempt = f" attempt {span.attempt}" if span.attempt > 1 else ""
    return f"{span.service} {span.operation}{attempt} {span.seconds:.2f} s{' failed' if span.failed else ''}"
