"""The commands about earlier runs: each builds a request, calls its use case and prints the result."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Mapping

from harness import app
from harness.cli.notify import notify
from harness.cli.signals import stop_on_signals
from harness.errors import PASSED, UNUSABLE
from harness.report import history as shown
from harness.report import regression
from harness.report import trend as trends


def history(options: argparse.Namespace) -> int:
    """`gameday history`."""
    commands = {None: _list, "prune": _prune, "add": _add}
    return commands[options.history_command](options)


def _list(options: argparse.Namespace) -> int:
    request = app.HistoryRequest(
        options.history, options.scenario, options.platform, options.verdict, options.revision, options.last
    )
    found = app.list_runs(request)
    render = shown.to_json if options.format == "json" else shown.to_text
    sys.stdout.write(render(found.runs, found.baselines))
    if options.html:
        app.write_history_page(found, options.html)
    return PASSED


def _prune(options: argparse.Namespace) -> int:
    removed = app.prune(app.PruneRequest(options.history, options.keep, options.days))
    sys.stdout.write(f"removed {removed} run{'' if removed == 1 else 's'}\n")
    return PASSED


def _add(options: argparse.Namespace) -> int:
    for folder in options.run:
        sys.stdout.write(f"{folder}: run {app.keep(folder, options.history)}\n")
    return PASSED


def baseline(options: argparse.Namespace) -> int:
    """`gameday baseline`."""
    commands = {"pin": _pin, "show": _show, "unpin": _unpin}
    return commands[options.baseline_command](options)


def _pin(options: argparse.Namespace) -> int:
    choices = app.pin(app.PinRequest(options.history, tuple(options.run), options.scenario))
    sys.stdout.write(shown.choices_text(choices))
    return UNUSABLE if any(choice.why for choice in choices) else PASSED


def _show(options: argparse.Namespace) -> int:
    found = app.show_baselines(app.BaselineRequest(options.history, options.scenario))
    sys.stdout.write(shown.to_json((), found) if options.format == "json" else shown.baselines_text(found))
    return PASSED


def _unpin(options: argparse.Namespace) -> int:
    for each in app.unpin(app.BaselineRequest(options.history, options.scenario)):
        sys.stdout.write(f"unpinned: {shown.profile_text(each.profile)}\n")
    return PASSED


def regress(options: argparse.Namespace) -> int:
    """`gameday regress`."""
    platform = app.PlatformOptions(
        base_image=options.base_image, node_image=options.node_image, context=options.context
    )
    request = app.RegressRequest(options.history, options.run, options.scenario, not options.no_rerun, platform)
    stop = threading.Event()
    with stop_on_signals(stop):
        found = app.regress(request, notify=notify, stop=stop)
    render = regression.to_json if options.format == "json" else regression.to_text
    sys.stdout.write(render(found.judgements, found.why))
    if options.html:
        app.write_regression_page(found, options.html)
    return found.exit_code


def trend(options: argparse.Namespace) -> int:
    """`gameday trend`."""
    found = app.trend(app.TrendRequest(options.history, options.scenario))
    render = trends.to_json if options.format == "json" else trends.to_text
    sys.stdout.write(render(found))
    return PASSED


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "history": history,
    "baseline": baseline,
    "regress": regress,
    "trend": trend,
}
"""By the name that the parser sets."""
