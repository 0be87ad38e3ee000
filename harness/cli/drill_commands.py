"""The commands for people who handle an incident: each builds a request, calls its use case and prints the result."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Mapping

from harness import app
from harness.cli.notify import notify
from harness.cli.page_commands import handled
from harness.cli.requests import plan_request, platform_choice
from harness.cli.signals import stop_on_signals
from harness.cli.terminal import DeskTerminal, Terminal
from harness.listeners.handling import HandlingDisplay
from harness.record.listener import Listener
from harness.responders.desk_socket import desk_socket


def drill(options: argparse.Namespace) -> int:
    """`gameday drill`."""
    terminal, stop = Terminal(sys.stderr), threading.Event()
    desk = DeskTerminal(terminal, options.observer)

    def display(judge: app.ReadJudge) -> Listener:
        return HandlingDisplay(judge, terminal.say)

    run = _run_request(options)
    with stop_on_signals(stop, desk.interrupt), handled(options, run.plan) as pages:
        request = app.DrillRequest(
            run,
            fronts=(desk_socket, desk, *(page.front for page in pages)),
            fault=options.fault,
            hidden=options.hidden,
            budget_s=options.budget,
            beside=options.beside,
        )
        listeners = [display, *(page.listener for page in pages)]
        done = app.drill(request, notify=terminal.say, listeners=listeners, stop=stop)
    sys.stdout.write(app.render(done.gameday, options.format))
    for note in done.notes:
        notify(note)
    return done.gameday.exit_code


def _run_request(options: argparse.Namespace) -> app.RunRequest:
    return app.RunRequest(
        plan_request(options),
        platform_choice(options),
        out=options.out,
        seed=options.seed,
        strict=options.strict,
        responder=options.responder,
        steady_s=float(options.steady),
        history=None if options.no_history else options.history,
        notify=tuple(options.notify),
    )


def shell(options: argparse.Namespace) -> int:
    """`gameday shell`."""
    from harness.cli.shell import open_shell  # noqa: PLC0415  `gameday drill` has no use for it

    return open_shell(options.run, options.observer)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"drill": drill, "shell": shell}
"""By the name that the parser sets."""
