"""The option `--demo`: the runbook that comes with the harness, with its bindings and SLOs, in place of the user's."""

from __future__ import annotations

import argparse

from harness import shipped
from harness.errors import DocumentError

RUNBOOK, BINDINGS = "runbooks/operations.md", "gameday.yaml"


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--demo", action="store_true", help="take the demo runbook and bindings that come with gameday")


def resolve_document(options: argparse.Namespace) -> None:
    """Set `runbook` and `bindings` to the demo's for `--demo`. Raises DocumentError for no document and for two.

    `--bindings` keeps its value. Commands that take no document are left alone.
    """
    if not hasattr(options, "demo"):
        return
    if options.demo and options.runbook:
        raise DocumentError(f"RUNBOOK ({options.runbook}) and --demo exclude each other; leave one of them out")
    if options.demo:
        options.runbook = shipped.path(RUNBOOK)
        options.bindings = getattr(options, "bindings", None) or shipped.path(BINDINGS)
    elif not options.runbook:
        raise DocumentError(
            "no runbook: name a Markdown document (RUNBOOK), or try the one that comes with gameday by --demo"
        )
