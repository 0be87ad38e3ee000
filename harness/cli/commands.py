"""The function of each command: it builds a request, calls its use case, prints the result, returns the exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

_MODULES: Mapping[str, tuple[str, ...]] = {
    "bindings_commands": ("init", "check", "discover", "rbac", "schema"),
    "plan_commands": ("show", "plan", "slo"),
    "run_commands": ("run", "report", "postmortem", "compare"),
    "drill_commands": ("drill", "shell"),
    "page_commands": ("ui",),
    "lint_commands": ("lint", "lsp", "rule"),
    "history_commands": ("history", "baseline", "regress", "trend"),
    "rules": ("rules",),
    "platform_commands": ("up", "down", "recover"),
}
"""Only the module of the command that runs is imported."""


def _run(module: str, name: str, options: argparse.Namespace) -> int:
    command: Callable[[argparse.Namespace], int] = import_module(f"harness.cli.{module}").COMMANDS[name]
    return command(options)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    name: partial(_run, module, name) for module, names in _MODULES.items() for name in names
}
"""By the name that the parser sets."""
