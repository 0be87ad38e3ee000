"""Entry point of the command line: from arguments to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from harness.cli import quick
from harness.errors import BROKEN, CLOSED_PIPE, INTERRUPTED, GamedayError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; docs/reference/cli.md has the table of exit codes."""
    sys.exit(exit_code_of(arguments))


def exit_code_of(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code. Raises SystemExit for `--help` and for wrong arguments."""
    try:
        try:
            return _handled(arguments)
        finally:
            _flush()  # here, where a closed pipe is still an exception that can be handled
    except BrokenPipeError:
        _silence()
        return CLOSED_PIPE


def _handled(arguments: Sequence[str] | None) -> int:
    """Run one command; errors become a message and an exit code. Raises BrokenPipeError for a closed pipe."""
    try:
        return _run_command(arguments)
    except GamedayError as error:
        from harness.report.format import printable

        sys.stderr.write(f"gameday: {printable(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("gameday: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        sys.stderr.write(_crash_message(error))
        return BROKEN


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _silence() -> None:
    """Send what is left in the output streams nowhere, so that the flush at exit does not fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(null, stream.fileno())


def _run_command(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    code = quick.run(words)
    if code is not None:
        return code
    from harness.cli import demo
    from harness.cli.parser import build_parser

    options = build_parser(words).parse_args(words)
    demo.resolve_document(options)
    from harness.cli.commands import COMMANDS

    return COMMANDS[options.command](options)


def _crash_message(error: Exception) -> str:
    """A message about an error in gameday itself, with the file that has the traceback."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    fact = f"gameday: internal error: {type(error).__name__}: {error}\n"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="gameday-traceback-", suffix=".txt", delete=False) as file:
            file.write(text)
    except OSError:
        return f"{fact}{text}"
    return f"{fact}The traceback is in {file.name}; please report it. `gameday recover` ends what was left running.\n"
