"""Reads and checks the parameters that the bindings give to one fault."""

from __future__ import annotations

import math

from harness.bindings import FaultSpec
from harness.errors import BindingError

Parameter = float | str | bool
"""The type of a parameter's value in the bindings."""


class Parameters:
    """The parameters of one fault, each read by name; `reject_unknown` comes last. Errors are BindingErrors."""

    def __init__(self, spec: FaultSpec) -> None:
        self._fault = spec.text
        self._unread, self._known = dict(spec.parameters), list[str]()

    def number(
        self, key: str, default: float | None, *, low: float = 0.0, high: float = math.inf, whole: bool = False
    ) -> float:
        """Return a number from `low` to `high`. Raises BindingError for any other value, and without a default."""
        value = self._required(key, default)
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            bounds = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
            wanted = f"a{' whole' if whole else ''} number {bounds}"
            raise BindingError(f"fault `{self._fault}`: {key} must be {wanted}, not `{value}`")
        return value

    def string(self, key: str, default: str | None = None) -> str:
        """Return a text. Raises BindingError when it is missing and there is no default."""
        return str(self._required(key, default))

    def rest(self) -> dict[str, Parameter]:
        """Return all parameters that have not been read yet, and count them as read."""
        found, self._unread = self._unread, {}
        return found

    def reject_unknown(self) -> None:
        """Raises BindingError when the bindings give a parameter that this fault does not have."""
        if self._unread:
            known = ", ".join(self._known) or "none"
            unknown = ", ".join(self._unread)
            raise BindingError(f"fault `{self._fault}`: unknown parameter {unknown}; this fault has: {known}")

    def _required(self, key: str, default: Parameter | None) -> Parameter:
        self._known.append(key)
        value = self._unread.pop(key, default)
        if value is None:
            raise BindingError(
                f"fault `{self._fault}`: {key} is missing; docs/reference/bindings.md lists the parameters"
            )
        return value
