"""Arguments of `gameday lint` and `gameday rule`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.arguments import positive

LINT_HELP = "find what is wrong with runbooks from their text; starts nothing"
RULE_HELP = "explain a rule of `gameday lint`, or list them all"
LINT_EXAMPLES = """\
  gameday lint runbooks/                                  every Markdown file in the folder
  gameday lint runbooks/operations.md --pedantic          also the rules that are right more often than useful
  gameday lint runbooks/ --select RB5 --ignore RB504      one group of rules without one of them
  gameday lint runbooks/ --diff                           the safe corrections; --fix makes them
  gameday lint runbooks/ --rules rules/*.yaml             also alerts without a runbook, and runbooks without an alert
  gameday lint runbooks/ --format sarif > lint.sarif      for code hosts
"""
RULE_EXAMPLES = """\
  gameday rule RB301                                      why, with an example that fires and one that does not
  gameday rule                                            the list of all rules
"""
EXIT_CODES = """\
exit codes: 0 no findings · 1 findings · 2 unusable files, settings or arguments · 4 internal error of gameday\
"""
LSP_HELP = "serve the findings of `gameday lint` to an editor, by the Language Server Protocol on stdin and stdout"
LSP_EXAMPLES = """\
  gameday lsp                                             started by the editor, for Markdown files
"""
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")


def add_lint(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday lint`."""
    command.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="Markdown files, or folders with some")
    about = f"the format of the findings: {', '.join(FORMATS)} (default: text)"
    command.add_argument("--format", choices=FORMATS, default="text", metavar="FORMAT", help=about)
    about = "only these rules, by code, name or group (RB5), separated by commas; repeatable"
    command.add_argument("--select", action="append", type=_codes, default=[], metavar="CODES", help=about)
    about = "all but these rules; repeatable"
    command.add_argument("--ignore", action="append", type=_codes, default=[], metavar="CODES", help=about)
    command.add_argument("--pedantic", action="store_true", help="also run the pedantic rules")
    about = "Prometheus rule files: also compare alerts, runbooks and metrics"
    command.add_argument("--rules", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=about)
    against = command.add_mutually_exclusive_group()
    about = "compare names, ports and variables with the manifests of a platform: local, docker or kind"
    against.add_argument("--platform", metavar="PLATFORM", help=about)
    about = "compare them with these manifests"
    against.add_argument("--manifests", type=Path, nargs="+", action="extend", default=[], metavar="PATH", help=about)
    about = "compare them with a cluster, by one `kubectl get` without Secrets"
    against.add_argument("--context", metavar="NAME", help=about)
    about = "the settings file (default: pyproject.toml or gameday.yaml in the working directory)"
    command.add_argument("--config", type=Path, metavar="FILE", help=about)
    about = "also run shellcheck on the shell blocks, and merge what it finds"
    command.add_argument("--shellcheck", action="store_true", help=about)
    about = "correct what can be corrected safely, and list what is left"
    command.add_argument("--fix", action="store_true", help=about)
    command.add_argument("--diff", action="store_true", help="show the safe corrections as a diff; change no file")
    about = "use N processes (default: as many as pay)"
    command.add_argument("--jobs", type=positive, metavar="N", help=about)


def add_rule(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday rule`."""
    about = "the code or name of a rule (default: list all rules)"
    command.add_argument("code", nargs="?", metavar="CODE", help=about)


def add_lsp(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `gameday lsp`: none. Editors pass `--stdio`."""
    command.add_argument("--stdio", action="store_true", help="talk on stdin and stdout, which it does in any case")


def _codes(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
