"""The contract of a fault: one verb, `inject`, that returns its revert."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.errors import BindingError, PlatformError
from harness.load.base import Load
from harness.platforms.base import Platform


@dataclass(frozen=True)
class Target:
    """What a fault can reach: one platform and the load on it."""

    platform: Platform
    load: Load


@dataclass(frozen=True)
class Revert:
    """How to take a fault back: `text` for the journal, `run` does it, may be called twice and raises PlatformError."""

    text: str
    run: Callable[[], None]


class Fault(Protocol):
    """One way to break something. It never knows which remedy will come."""

    @property
    def text(self) -> str:
        """What it does, in a few words: `inference: slot-loss slots=5`."""
        ...

    def revert(self, target: Target) -> Revert:
        """The way back, known before anything is done, so that it can be on disk first."""
        ...

    def inject(self, target: Target) -> None:
        """Do the harm; raises PlatformError when it did not take."""
        ...


Parameter = float | str | bool
"""What may stand behind a name in the bindings."""


class Parameters:
    """What the bindings say of one fault, taken one by one. Every error is a BindingError that names the fault."""

    def __init__(self, at: str, name: str, given: Mapping[str, Parameter]) -> None:
        self.text = " ".join([f"{at}: {name}", *(f"{key}={value}" for key, value in given.items())])
        self._left, self._known = dict(given), list[str]()

    def number(self, key: str, default: float, *, low: float = 0.0) -> float:
        """A number of at least `low`."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < low:
            raise BindingError(f"fault `{self.text}`: {key} must be a number of at least {low:g}, not `{value}`")
        return value

    def word(self, key: str, default: str | None = None) -> str:
        """A text; without a default it has to be there."""
        value = self._take(key, default)
        if value is None:
            raise BindingError(f"fault `{self.text}`: {key} is missing; docs/reference/bindings.md shows the faults")
        return str(value)

    def rest(self) -> dict[str, Parameter]:
        """All that nobody took."""
        found, self._left = self._left, {}
        return found

    def done(self) -> None:
        """Raises BindingError for what is left: nobody knows it."""
        if self._left:
            known = ", ".join(self._known) or "none"
            raise BindingError(f"fault `{self.text}`: {', '.join(self._left)}: not known here; known are {known}")

    def _take(self, key: str, default: Parameter | None) -> Parameter | None:
        self._known.append(key)
        return self._left.pop(key, default)


def ask(target: Target, fault: str, *argv: str, timeout_s: float = 30.0) -> str:
    """What the platform's kubectl answers about its namespace; raises PlatformError with its words."""
    done = target.platform.kubectl(*argv, "-n", target.platform.namespace, timeout_s=timeout_s)
    if done.status:
        raise PlatformError(f"fault `{fault}`: kubectl {' '.join(argv)}: {done.stderr.strip() or done.status}")
    return done.stdout


class Running:
    """A fault that we keep up: `stop` ends it, and so does its time; `end` is called once, whichever is first."""

    def __init__(self, max_duration_s: float, end: Callable[[], None]) -> None:
        self._end, self._lock, self._over = end, threading.Lock(), threading.Event()
        self._timer = threading.Timer(max_duration_s, self._late)
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def wait(self, seconds: float) -> bool:
        """True when it is over."""
        return self._over.wait(seconds)

    def stop(self) -> None:
        """Raises what `end` does; may be called twice."""
        self._timer.cancel()
        with self._lock:
            if not self._over.is_set():
                self._end()
                self._over.set()

    def _late(self) -> None:
        try:
            self.stop()
        except PlatformError:
            return  # the drill's own revert tries again, and says so where it cannot
