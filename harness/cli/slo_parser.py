"""Arguments of `gameday slo`, with its subcommands."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import add_format
from harness.cli.shared_options import add_document, add_selection

SLO_EXAMPLES = """\
  gameday slo check slos/*.yaml                           list the SLOs of files; report problems with file and line
  gameday slo show runbooks/operations.md                 the SLOs of a run as OpenSLO documents
  gameday slo import k6 options.json --series gateway     k6 thresholds as OpenSLO documents
"""


def add_slo(command: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    below = command.add_subparsers(dest="slo_command", required=True, metavar="COMMAND", title="Commands")
    about = "validate OpenSLO files and list their SLOs"
    check = below.add_parser("check", help=about, description=about)
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help="OpenSLO v1 files (YAML)")
    add_format(check)
    about = "show the SLOs that a run is judged by, as OpenSLO documents"
    show = below.add_parser("show", help=about, description=about)
    add_document(show)
    add_selection(show)
    about = "import SLOs from another tool"
    bring = below.add_parser("import", help=about, description=about)
    bring.add_argument("tool", choices=("k6",), help="the tool that the file belongs to")
    about = "k6's options as JSON (`-`: stdin), or a script (requires `k6`)"
    bring.add_argument("file", type=Path, metavar="FILE", help=about)
    about = "load series of METRIC, or of k6's own metrics (default: as the first runbook in gameday.yaml); repeatable"
    bring.add_argument("--series", action="append", default=[], metavar="[METRIC=]SERIES", help=about)
