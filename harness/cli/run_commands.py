"""The commands that run something, and those that report on a record."""

from __future__ import annotations

import argparse
import gc
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from harness import app
from harness.cli.monitoring_parser import choice_of
from harness.cli.notify import notify, silent
from harness.cli.requests import plan_request, platform_choice
from harness.cli.signals import stop_on_signals
from harness.errors import PASSED, ComparisonError
from harness.report.format import printable

if TYPE_CHECKING:
    from harness.comparison.result import ComparisonResult
    from harness.record.listener import Listener


def _run(options: argparse.Namespace) -> int:
    request = app.RunRequest(
        plan_request(options),
        platform_choice(options),
        options.jobs,
        options.out,
        options.seed,
        options.strict,
        steady_s=float(options.steady),
        history=None if options.no_history else options.history,
        monitoring=choice_of(options),
        notify=tuple(options.notify),
        responder=options.responder,
    )
    stop, display = threading.Event(), [] if options.quiet else [_progress_display]
    with stop_on_signals(stop), _page(options, request) as page:
        done = app.run(request, notify=silent if options.quiet else notify, listeners=[*display, *page], stop=stop)
    sys.stdout.write(app.render(done.gameday, options.format))
    for note in done.notes:
        notify(note)
    if options.open:
        _open(done.folder / "report.html")
    return done.gameday.exit_code


def _page(
    options: argparse.Namespace, request: app.RunRequest
) -> AbstractContextManager[Sequence[app.ListenerFactory]]:
    """The listener of a page that shows the run, if there is one."""
    if options.web is None:
        return nullcontext(())
    from harness.cli.page_commands import watched  # noqa: PLC0415  only a run with a page pays for the server

    return watched(options, request)


def _progress_display(judge: app.ReadJudge) -> Listener:
    import shutil  # noqa: PLC0415  only a run has a display

    from harness.listeners.progress import Live  # noqa: PLC0415
    from harness.listeners.screen import own_stderr  # noqa: PLC0415

    return Live(judge, own_stderr(), shutil.get_terminal_size((160, 40)).columns)


def _report(options: argparse.Namespace) -> int:
    gc.disable()  # it finds next to nothing here, and takes a twentieth of the time of a process that soon ends
    if app.is_comparison(options.run):
        return _report_comparison(options)
    request = app.ReportRequest(options.run)
    result = app.report(request)
    sys.stdout.write(app.render(result, options.format))
    if options.open:
        _open(app.write_page(result, request))
    return result.exit_code


def _postmortem(options: argparse.Namespace) -> int:
    done = app.postmortem(app.PostmortemRequest(options.run, options.out))
    sys.stdout.writelines(f"{printable(str(file))}\n" for file in done.files)
    for note in done.notes:
        notify(note)
    return PASSED


def _compare(options: argparse.Namespace) -> int:
    request = app.CompareRequest(
        options.base, options.candidate, options.bindings, tuple(options.only), options.rate, options.quantiles,
        options.margin, options.budget, options.seed, options.out,
    )  # fmt: skip
    stop = threading.Event()
    with stop_on_signals(stop):
        done = app.compare(request, notify=silent if options.quiet else notify, stop=stop)
    code = _print_comparison(done.comparison, options.format)
    if options.open:
        _open(done.folder / "report.html")
    return code


def _report_comparison(options: argparse.Namespace) -> int:
    result = app.read_comparison(options.run)
    code = _print_comparison(result, options.format)
    if options.open:
        _open(app.write_comparison_page(result, options.run))
    return code


def _print_comparison(result: ComparisonResult, form: str) -> int:
    """Print a comparison, and return its exit code. Raises ComparisonError for a format that it does not have."""
    from harness.report import comparison  # noqa: PLC0415  as below, only the command that needs it pays for it
    from harness.report.pages.comparison import to_html  # noqa: PLC0415

    renders = {"text": comparison.to_text, "json": comparison.to_json, "html": to_html}
    if form not in renders:
        raise ComparisonError(f"a comparison has no {form} report; take {', '.join(renders)}")
    sys.stdout.write(renders[form](result))
    return result.exit_code


def _open(page: Path) -> None:
    """Open a page in the browser; its path is shown where there is none, and never changes the exit code."""
    import webbrowser  # noqa: PLC0415  rarely needed

    if not webbrowser.open(page.resolve().as_uri()):
        notify(f"there is no browser; open {page}")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "report": _report,
    "postmortem": _postmortem,
    "compare": _compare,
}
"""By the name that the parser sets."""
