"""The commands that show what was read: show, plan and slo."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness import app
from harness.cli.notify import notify
from harness.cli.requests import plan_request
from harness.errors import PASSED, UNUSABLE


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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"show": _show, "plan": _plan, "slo": _slo}
"""By the name that the parser sets."""
