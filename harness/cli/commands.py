"""Each command: builds a request, calls its use case, prints the result and returns the exit code."""

from __future__ import annotations

import argparse
import gc
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from harness import app
from harness.cli.monitoring_parser import choice_of
from harness.cli.notify import notify
from harness.cli.platform_parser import DEFAULT_DIR
from harness.cli.requests import plan_request, platform_choice
from harness.cli.rules import rules
from harness.cli.signals import stop_on_signals
from harness.errors import PASSED, UNUSABLE, ComparisonError
from harness.report.format import printable

if TYPE_CHECKING:
    from harness.comparison.result import ComparisonResult
    from harness.record.listener import Listener


def _discard(line: str) -> None:
    """No progress."""


# -- run and report ----------------------------------------------------------------------------------------------------


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
        done = app.run(request, notify=_discard if options.quiet else notify, listeners=[*display, *page], stop=stop)
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


def _ui(options: argparse.Namespace) -> int:
    from harness.cli.page_commands import ui  # noqa: PLC0415

    return ui(options)


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


def _open(page: Path) -> None:
    """Open a page in the browser; its path is shown where there is none, and never changes the exit code."""
    import webbrowser  # noqa: PLC0415  rarely needed

    if not webbrowser.open(page.resolve().as_uri()):
        notify(f"there is no browser; open {page}")


# -- compare -----------------------------------------------------------------------------------------------------------


def _compare(options: argparse.Namespace) -> int:
    request = app.CompareRequest(
        options.base, options.candidate, options.bindings, tuple(options.only), options.rate, options.quantiles,
        options.margin, options.budget, options.seed, options.out,
    )  # fmt: skip
    stop = threading.Event()
    with stop_on_signals(stop):
        done = app.compare(request, notify=_discard if options.quiet else notify, stop=stop)
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


# -- show and plan -----------------------------------------------------------------------------------------------------


def _show(options: argparse.Namespace) -> int:
    from harness.report import document  # noqa: PLC0415

    shown = app.show(app.ShowRequest(options.runbook))
    render = document.to_json if options.format == "json" else document.to_text
    sys.stdout.write(render(shown.document))
    if shown.nothing_to_test:
        notify(f"{options.runbook}: nothing to test: {shown.nothing_to_test}")
    return UNUSABLE if shown.nothing_to_test else PASSED


def _plan(options: argparse.Namespace) -> int:
    from harness.report import plan  # noqa: PLC0415

    planned = app.plan(plan_request(options))
    render = plan.to_json if options.format == "json" else plan.to_text
    sys.stdout.write(render(planned.plan))
    for problem in (*planned.problems, *planned.notes):
        notify(problem)
    return PASSED if planned.ready else UNUSABLE


# -- slo ---------------------------------------------------------------------------------------------------------------


def _slo(options: argparse.Namespace) -> int:
    commands = {"check": _slo_check, "show": _slo_show, "import": _slo_import}
    return commands[options.slo_command](options)


def _slo_check(options: argparse.Namespace) -> int:
    from harness.report import slos  # noqa: PLC0415

    found = app.check_slos(app.SloCheckRequest(tuple(options.files)))
    sys.stdout.write(slos.to_json(found) if options.format == "json" else slos.to_text(found))
    if found.problems:
        notify("\n".join(found.problems) + "\nForms: docs/reference/slos.md")
    elif not found.slos:
        notify("the files are valid and contain no SLO")
    return UNUSABLE if found.problems else PASSED


def _slo_show(options: argparse.Namespace) -> int:
    from harness.report import slos  # noqa: PLC0415

    for each in app.show_slos(plan_request(options)):
        sys.stdout.write(slos.to_openslo(each.document, each.runbooks))
    return PASSED


def _slo_import(options: argparse.Namespace) -> int:
    from harness.report import slos  # noqa: PLC0415

    text = sys.stdin.read() if options.file == Path("-") else None
    found = app.import_slos(app.SloImportRequest(options.file, text, tuple(options.series)))
    sys.stdout.writelines(slos.to_openslo(each) for each in found.documents)
    sys.stderr.writelines(f"not imported: {each}\n" for each in found.refused)
    sys.stderr.writelines(f"note: {each}\n" for each in found.notes)
    if not found.documents:
        notify(f"{options.file}: no threshold could be imported; docs/reference/slos.md lists those that can")
    return PASSED if found.documents else UNUSABLE


# -- up, down and recover ----------------------------------------------------------------------------------------------


def _up(options: argparse.Namespace) -> int:
    request = app.UpRequest(platform_choice(options), options.dir, options.bindings)
    found = app.up(request, notify=_discard if options.quiet else notify)
    lines = _exports(found) if options.quiet else _how_to_use(found, options.dir)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return PASSED


def _exports(found: app.UpResult) -> Iterator[str]:
    for name, value in found.environment.items():
        yield f"export {name}={shlex.quote(value)}"
    yield f"export PATH={shlex.quote(found.path)}:$PATH"


def _how_to_use(found: app.UpResult, folder: Path) -> Iterator[str]:
    yield found.pods
    yield "To use it from this shell, with kubectl, and with curl by the services' names:"
    yield from (f"  {line}" for line in _exports(found))
    yield f"  kubectl get pods -n {found.namespace}"
    yield from dict.fromkeys(f"  curl http://{load.service}:{load.port}/health" for load in found.loads)
    if found.loads:
        yield "To generate load, with locust's web UI at http://localhost:8089:"
        yield from (f"  locust -f {load.file} --host {load.url}" for load in found.loads)
    yield f"To end it: gameday down{'' if folder == DEFAULT_DIR else f' --dir {folder}'}"


def _down(options: argparse.Namespace) -> int:
    app.down(app.DownRequest(platform_choice(options), options.dir), notify=notify)
    return PASSED


def _recover(options: argparse.Namespace) -> int:
    code, request = PASSED, app.RecoverRequest(tuple(options.run), options.context, options.namespace)
    for place in app.recover(request, notify=notify):
        if place.ended:
            sys.stdout.write(f"{place.place}: ended {len(place.ended)}: {', '.join(place.ended)}\n")
        elif place.recorded and not place.left:
            sys.stdout.write(f"{place.place}: nothing was left\n")
        if place.left:
            notify(f"{place.place}: could not end {', '.join(place.left)}; end them as their user or as root")
            code = UNUSABLE
    return code


def _earlier_runs(options: argparse.Namespace) -> int:
    from harness.cli import history_commands  # noqa: PLC0415

    return history_commands.COMMANDS[options.command](options)


def _handled(options: argparse.Namespace) -> int:
    from harness.cli import drill_commands  # noqa: PLC0415

    return drill_commands.COMMANDS[options.command](options)


def _of_bindings(options: argparse.Namespace) -> int:
    from harness.cli import bindings_commands  # noqa: PLC0415

    return bindings_commands.COMMANDS[options.command](options)


def _of_lint(options: argparse.Namespace) -> int:
    from harness.cli import lint_commands  # noqa: PLC0415

    return lint_commands.COMMANDS[options.command](options)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "init": _of_bindings,
    "check": _of_bindings,
    "discover": _of_bindings,
    "rbac": _of_bindings,
    "schema": _of_bindings,
    "run": _run,
    "drill": _handled,
    "shell": _handled,
    "ui": _ui,
    "compare": _compare,
    "report": _report,
    "postmortem": _postmortem,
    "show": _show,
    "plan": _plan,
    "lint": _of_lint,
    "lsp": _of_lint,
    "rule": _of_lint,
    "slo": _slo,
    "rules": rules,
    "history": _earlier_runs,
    "baseline": _earlier_runs,
    "regress": _earlier_runs,
    "trend": _earlier_runs,
    "up": _up,
    "down": _down,
    "recover": _recover,
}
"""By the name that the parser sets."""
