"""The commands that prepare gameday.yaml: each builds a request, calls its use case and prints the result."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness import app
from harness.bindings.file_schema import json_schema
from harness.cli.notify import notify
from harness.errors import PASSED, UNUSABLE, DocumentError
from harness.report import check as shown
from harness.report import objects
from harness.report.format import as_json, printable


def _init(options: argparse.Namespace) -> int:
    done = app.init(app.InitRequest(tuple(options.runbooks), options.bindings, options.dry_run))
    _print_edit(done, written=not options.dry_run)
    return PASSED


def _print_edit(done: app.Edited, *, written: bool) -> None:
    for note in done.notes:
        notify(note)
    if not written:
        sys.stdout.write(printable(done.diff))
    elif done.diff:
        sys.stdout.write(f"{printable(str(done.path))}: written; `gameday check` lists what is still open\n")
    else:
        sys.stdout.write(f"{printable(str(done.path))}: nothing to add\n")


def _check(options: argparse.Namespace) -> int:
    found = app.check(app.CheckRequest(tuple(options.runbooks), options.bindings))
    if options.format == "json":
        documents = [str(each) for each in found.documents]
        sys.stdout.write(shown.to_json(str(found.bindings), documents, found.problems))
    else:
        sys.stdout.write(shown.to_text(found.problems))
    return UNUSABLE if found.problems else PASSED


def _discover(options: argparse.Namespace) -> int:
    if not options.sources and not options.context:
        raise DocumentError("name files that describe the services, or a cluster by --context")
    stdin = sys.stdin.read() if Path("-") in options.sources else ""
    found = app.discover(
        app.DiscoverRequest(
            tuple(options.sources), options.bindings, options.write, stdin, options.context, options.namespace
        )
    )
    for each in found.unused:
        notify(f"{each.place}: not used: {each.what}")
    if options.write:
        _print_edit(found.edited, written=True)
    else:
        sys.stdout.write(printable(found.yaml))
    return PASSED


def _rbac(options: argparse.Namespace) -> int:
    if not (options.user or options.group or options.service_account):
        notify("no account is named that is to run gameday: add --user, --group or --service-account")
    request = app.RbacRequest(
        options.bindings, tuple(options.user), tuple(options.group), tuple(options.service_account)
    )
    found = app.rbac(request)
    sys.stdout.write(objects.to_json(found) if options.format == "json" else objects.to_yaml(found))
    return PASSED


def _schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(as_json(json_schema()))
    return PASSED


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "init": _init,
    "check": _check,
    "discover": _discover,
    "rbac": _rbac,
    "schema": _schema,
}
"""By the name that the parser sets."""
