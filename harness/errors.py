"""One error tree. Each error names the thing, the place, the fact and the next act; each knows its exit code."""

from __future__ import annotations

PASSED, FAILED, UNUSABLE, INCONCLUSIVE = 0, 1, 2, 3
BROKEN = 4
"""Exit code of an error in the harness itself."""
INTERRUPTED = 130
"""Exit code when SIGINT interrupts a command before a verdict, as a shell reports it; 143 for SIGTERM."""
CLOSED_PIPE = 141
"""Exit code when the reader of the output is gone, as a shell reports SIGPIPE."""


class GamedayError(Exception):
    """Root of every error that a user may see; `str(error)` is the whole message."""

    exit_code = UNUSABLE


class DocumentError(GamedayError):
    """The runbook document cannot be read, or holds nothing to test."""


class BindingError(GamedayError):
    """The bindings file is wrong or lacks something that the runbook needs."""


class ConditionError(GamedayError):
    """A condition is not in the grammar."""


class MachineError(GamedayError):
    """This machine lacks something that the run needs (a tool, a permission, a system call)."""


class RefusedError(GamedayError):
    """A command of the runbook is outside what may run."""


class PlatformError(GamedayError):
    """The platform did not do what it was asked to."""


class Interrupted(GamedayError):
    """A run was stopped, by Ctrl-C, SIGTERM or its caller."""

    exit_code = INTERRUPTED
