"""The commands `lint`, `rule` and `lsp`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from harness.errors import FAILED, PASSED

if TYPE_CHECKING:
    from harness import app


def lint(options: argparse.Namespace) -> int:
    """`gameday lint`: exit code 0 without findings, 1 with some; errors end with 2."""
    from harness.app.linting import LintRequest, correct, corrections, run_lint  # noqa: PLC0415  `--help` needs none of it

    gc.disable()  # documents have next to no cycles; processes of the pool inherit it
    request = LintRequest(
        tuple(options.paths), tuple(chain(*options.select)), tuple(chain(*options.ignore)), options.pedantic,
        options.config, tuple(options.rules), options.platform, tuple(options.manifests),
        options.context, options.shellcheck, options.jobs,
    )  # fmt: skip
    today = datetime.now().astimezone().date()
    result = run_lint(request, today)
    if options.diff:
        sys.stdout.write(corrections(result))
        return FAILED if result.findings else PASSED
    if options.fix and (count := correct(result)):
        sys.stderr.write(f"gameday: corrected {count} finding{'' if count == 1 else 's'}\n")
        result = run_lint(request, today)
    sys.stdout.write(_shown(result, options.format))
    return FAILED if result.findings else PASSED


def _shown(result: app.LintResult, form: str) -> str:
    """The findings in a format; each format is imported by itself, since most of them import the reports of runs."""
    found, files = result.findings, result.files
    if form == "sarif":
        from harness.report.lint.sarif import to_sarif  # noqa: PLC0415

        return to_sarif(found, result.rules)
    if form == "junit":
        from harness.report.lint.junit import to_junit  # noqa: PLC0415

        return to_junit(found, files)
    if form == "markdown":
        from harness.report.lint.markdown import to_markdown  # noqa: PLC0415

        return to_markdown(found, files)
    return _light(form)(found, files)


def _light(form: str) -> Callable[..., str]:
    if form == "json":
        from harness.report.lint.as_json import to_json  # noqa: PLC0415

        return to_json
    if form == "github":
        from harness.report.lint.github import to_github  # noqa: PLC0415

        return to_github
    from harness.report.lint.text import to_text  # noqa: PLC0415

    return to_text


def rule(options: argparse.Namespace) -> int:
    """`gameday rule`."""
    from harness.lint.explain import listed, rule_text  # noqa: PLC0415

    if options.code is None:
        sys.stdout.write(listed())
        return PASSED
    from harness.app.linting import find_rule  # noqa: PLC0415

    sys.stdout.write(rule_text(find_rule(options.code)))
    return PASSED


def lsp(_options: argparse.Namespace) -> int:
    """`gameday lsp`."""
    from harness.app.language_server import serve  # noqa: PLC0415

    return serve(sys.stdin.buffer, sys.stdout.buffer)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"lint": lint, "rule": rule, "lsp": lsp}
"""By the name that the parser sets."""
