"""The exit codes, and one exception hierarchy. A message has the thing, the place, the fact and the next action."""

from __future__ import annotations

PASSED, FAILED, UNUSABLE, INCONCLUSIVE = 0, 1, 2, 3


class GamedayError(Exception):
    """Base of all errors that are shown to the user; `str(error)` is the complete message."""

    exit_code = UNUSABLE


class DocumentError(GamedayError):
    """The runbook document cannot be read, or has nothing to test."""


class BindingError(GamedayError):
    """The bindings file is invalid, or lacks something that the runbook needs."""


class ConditionError(GamedayError):
    """A condition does not follow the grammar."""


class MachineError(GamedayError):
    """This machine lacks something that the run needs (a tool, a permission, a system call)."""


class RefusedError(GamedayError):
    """The policy does not allow a command of the runbook."""


class PlatformError(GamedayError):
    """An operation on the platform failed."""


class Interrupted(GamedayError):
    """Ctrl-C or SIGTERM: everything is being reverted."""

    exit_code = INCONCLUSIVE
