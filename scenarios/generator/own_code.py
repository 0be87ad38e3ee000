"""Find where a scenario's own code failed, and the exception that ends a load because of it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import CodeType

from .declare import Scenario

SCENARIO_ERROR = "scenario_error"
"""Kind of bad of an arrival at which the scenario's own code raised an exception."""

MOST_ERRORS = 10
"""Number of such exceptions that ends the load."""


class ScenarioFailed(Exception):
    """The scenario's own code failed too often; the message says where."""


def place_of(error: Exception, scenario: Scenario) -> str:
    """Return `FILE:LINE` of the scenario's code that raised an exception, `FILE` where it returned something unusable.

    An exception of a library counts as one of the line that called it.
    """
    files = [code.co_filename for code in _code_of(scenario)]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f"{frame.filename}:{frame.lineno}"
    return next(iter(files), type(scenario).__module__)


def _code_of(scenario: Scenario) -> Iterator[CodeType]:
    """Yield the code of the scenario's methods, without those that it inherits from this package."""
    for each in type(scenario).__mro__[:-1]:
        if not each.__module__.startswith(__package__):
            yield from (member.__code__ for member in vars(each).values() if hasattr(member, "__code__"))
