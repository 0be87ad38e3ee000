"""The short way to `gameday lint`, `gameday rule` and `gameday lsp`: editors and hooks call them for one file, often.

The parser of all commands imports their options and reads the metadata of installed packages, which takes longer than
the linting itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from harness.cli import lint_parser

_PARSERS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "lint": (lint_parser.LINT_HELP, lint_parser.LINT_EXAMPLES, lint_parser.add_lint),
    "lsp": (lint_parser.LSP_HELP, lint_parser.LSP_EXAMPLES, lint_parser.add_lsp),
    "rule": (lint_parser.RULE_HELP, lint_parser.RULE_EXAMPLES, lint_parser.add_rule),
}


def run(words: Sequence[str]) -> int | None:
    """Run the command that the words name, and return its exit code; None for every other command."""
    if not words or words[0] not in _PARSERS:
        return None
    about, examples, add_arguments = _PARSERS[words[0]]
    parser = argparse.ArgumentParser(
        prog=f"gameday {words[0]}", description=about, epilog=f"examples:\n{examples}\n{lint_parser.EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_arguments(parser)
    options = parser.parse_args(words[1:])
    from harness.cli.lint_commands import COMMANDS  # noqa: PLC0415  `--help` needs none of it

    return COMMANDS[words[0]](options)
