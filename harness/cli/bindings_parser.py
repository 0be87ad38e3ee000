"""Arguments of the commands that prepare gameday.yaml: `init`, `check`, `discover` and `schema`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import add_format

INIT_EXAMPLES = """\
  gameday init runbooks/operations.md                     write runbooks/gameday.yaml, or add what it lacks
  gameday init docs/*.md --bindings gameday.yaml          one file for several documents
  gameday init runbooks/operations.md --dry-run           show the addition as a diff; write nothing
"""
CHECK_EXAMPLES = """\
  gameday check                                           gameday.yaml here, and the documents that it names
  gameday check runbooks/operations.md --format json      for editors and programs
"""
DISCOVER_EXAMPLES = """\
  gameday discover compose.yaml rules.yml                 show what it proposes
  gameday discover compose.yaml rules.yml --write         add it to gameday.yaml
  kubectl kustomize deploy | gameday discover -           manifests from a pipe; so for `helm template`
  gameday discover --context staging --namespace shop     what runs in a namespace of a cluster
"""
RBAC_EXAMPLES = """\
  gameday rbac --user jane > rbac.yaml                    an administrator applies it; then jane can drill
  gameday rbac --service-account ci:gameday               for a pipeline
"""
SCHEMA_EXAMPLES = """\
  gameday schema > gameday.schema.json
"""


def add_init(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday init`."""
    about = "runbook documents (Markdown)"
    command.add_argument("runbooks", type=Path, nargs="+", metavar="RUNBOOK", help=about)
    about = "the file to write (default: gameday.yaml as for run; without one, beside the first document)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    command.add_argument("--dry-run", action="store_true", help="show the addition as a diff; write nothing")


def add_check(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday check`."""
    about = "runbook documents (default: those that the bindings name)"
    command.add_argument("runbooks", type=Path, nargs="*", metavar="RUNBOOK", help=about)
    about = "the bindings file (default: gameday.yaml beside the document or in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    add_format(command)


def add_discover(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday discover`."""
    about = "compose files, manifests, files of Prometheus rules, or folders of them (`-`: stdin)"
    command.add_argument("sources", type=Path, nargs="*", metavar="FILE", help=about)
    about = "kube context of a cluster: propose from the Deployments, Services and ConfigMaps of a namespace"
    command.add_argument("--context", metavar="NAME", help=about)
    about = "the namespace (default: that of the bindings file, else production)"
    command.add_argument("--namespace", metavar="NAME", help=about)
    about = "the bindings file (default: gameday.yaml in the working directory)"
    command.add_argument("--bindings", type=Path, default=Path("gameday.yaml"), metavar="FILE", help=about)
    command.add_argument("--write", action="store_true", help="add the proposal to the bindings file")


def add_rbac(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday rbac`."""
    about = "the bindings file with the manifests (default: gameday.yaml in the working directory)"
    command.add_argument("--bindings", type=Path, metavar="FILE", help=about)
    about = "the user whose account runs gameday, as `kubectl auth whoami` shows it; repeatable"
    command.add_argument("--user", action="append", default=[], metavar="NAME", help=about)
    about = "a group of users whose accounts run gameday; repeatable"
    command.add_argument("--group", action="append", default=[], metavar="NAME", help=about)
    about = "a ServiceAccount that runs gameday; repeatable"
    command.add_argument(
        "--service-account", action="append", default=[], type=_service_account, metavar="NAMESPACE:NAME", help=about
    )
    about = "yaml for kubectl, json for programs (default: yaml)"
    command.add_argument("--format", choices=("yaml", "json"), default="yaml", help=about)


def _service_account(text: str) -> tuple[str, str]:
    namespace, _, name = text.removeprefix("system:serviceaccount:").partition(":")
    if not namespace or not name or ":" in name:
        raise argparse.ArgumentTypeError(f"`{text}` is not NAMESPACE:NAME")
    return namespace, name


def add_schema(_command: argparse.ArgumentParser) -> None:
    """`gameday schema` takes no arguments."""
