"""Live pages on the command line: that of an automatic run, and `gameday ui`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from harness import app
from harness.cli.notify import notify


@contextmanager
def watched(options: argparse.Namespace, request: app.RunRequest) -> Iterator[Sequence[app.ListenerFactory]]:
    """Serve a page of a run, and say where. Raises GamedayError where it cannot listen."""
    with app.watched(app.PageRequest(options.host, options.web), request.plan) as (url, listener):
        notify(f"the page of this run: {url}")
        yield (listener,)
