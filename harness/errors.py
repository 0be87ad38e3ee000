"""The exit codes, and one exception hierarchy. A message has the thing, the place, the fact and the next action."""

from __future__ import annotations

PASSED, FAILED, UNUSABLE, INCONCLUSIVE = 0, 1, 2, 3
BROKEN = 4
"""Exit code of an error in the harness itself."""
INTERRUPTED = 130
"""Exit code when SIGINT interrupts a command before a verdict, as a shell reports it; 143 for SIGTERM."""
CLOSED_PIPE = 141
"""Exit code when the reader of the output is gone, as a shell reports SIGPIPE."""


class GamedayError(Exception):
    """Base of all errors that are shown to the user; `str(error)` is the complete message."""

    exit_code = UNUSABLE


class DocumentError(GamedayError):
    """The runbook document cannot be read, or has nothing to test."""


class BindingError(GamedayError):
    """The bindings file is invalid, or lacks something that the runbook needs."""


class StartError(BindingError):
    """A service of the bindings file does not start as the file says."""


class ConditionError(GamedayError):
    """A condition does not follow the grammar."""


class MachineError(GamedayError):
    """This machine lacks something that the run needs (a tool, a permission, a system call)."""


class RefusedError(GamedayError):
    """The policy does not allow a command of the runbook."""


class ComparisonError(GamedayError):
    """The variants of a comparison cannot be used, or could not be measured."""


class PlatformError(GamedayError):
    """An operation on the platform failed."""


class MonitoringError(GamedayError):
    """A monitoring system (Prometheus, Grafana, Jaeger, Loki) does not answer, or not as its API is documented."""


class Interrupted(GamedayError):
    """A run was stopped, by Ctrl-C, SIGTERM or its caller."""

    exit_code = INTERRUPTED
