"""One error tree. Each error names the thing, the place, the fact and the next act; each knows its exit code."""

from __future__ import annotations

PASSED, FAILED, UNUSABLE, INCONCLUSIVE = 0, 1, 2, 3


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
    """Ctrl-C or SIGTERM: everything is being reverted."""

    exit_code = INCONCLUSIVE
