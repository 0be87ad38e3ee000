"""Live pages on the command line: that of an automatic run, and `gameday ui`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness import app
from harness.app.page import HandledPage
from harness.cli.notify import notify
from harness.cli.requests import plan_request, platform_choice
from harness.cli.signals import stop_on_signals


def ui(options: argparse.Namespace) -> int:
    """Drill by hand until the person quits; prints the result of the last drill."""
    request = app.UiRequest(
        plan_request(options), platform_choice(options),
        options.host, options.port, options.locust_port, options.workers, options.autostart, options.master_port,
        tuple(options.notify),
    )  # fmt: skip
    stop = threading.Event()
    with stop_on_signals(stop), _closing_terminal(stop):
        done = app.ui(request, notify=notify, stop=stop)
    sys.stdout.write(app.render(done.gameday, "text"))
    return done.gameday.exit_code


@contextmanager
def _closing_terminal(stop: threading.Event) -> Iterator[None]:
    """Set `stop` when the terminal is closed, too."""
    before = signal.signal(signal.SIGHUP, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def watched(options: argparse.Namespace, request: app.RunRequest) -> Iterator[Sequence[app.ListenerFactory]]:
    """Serve a page of a run, and say where. Raises GamedayError where it cannot listen."""
    with app.watched(app.PageRequest(options.host, options.web), request.plan) as (url, listener):
        notify(f"the page of this run: {url}")
        yield (listener,)


@contextmanager
def handled(options: argparse.Namespace, plan: app.PlanRequest) -> Iterator[Sequence[HandledPage]]:
    """Serve the page of a drill that a person handles, if one is wanted, and say where."""
    if options.web is None:
        yield ()
        return
    with app.handled(app.PageRequest(options.host, options.web), plan, hidden=options.hidden) as page:
        notify(f"the page of this drill: {page.url}")
        yield (page,)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"ui": ui}
"""By the name that the parser sets."""
