"""The phases of a drill as a load shape: each has a duration and a factor on the rate."""

from __future__ import annotations

from locust import LoadTestShape
from locust.argument_parser import LocustArgumentParser

DEFAULT = "30 1, 60 2, 30 1"
"""Baseline, incident with a surge, recovery: `SECONDS FACTOR` of each."""


class Phases(LoadTestShape):
    """Load shape that ends after the last phase; `factor` multiplies the rate in the current phase."""

    abstract = True
    factor = 1.0

    def tick(self) -> tuple[int, float] | None:
        """Return a different number of users in each phase, so that locust dispatches again."""
        assert self.runner is not None, "locust sets the runner before it calls tick"
        options = self.runner.environment.parsed_options
        assert options is not None, "locust parses its options before it runs"
        left_s = self.get_run_time()  # type: ignore[no-untyped-call]
        for number, (long_s, factor) in enumerate(parse(options.phases), 1):
            if left_s < long_s:
                self.factor = factor
                return number, 1.0
            left_s -= long_s
        return None


def parse(text: str) -> list[tuple[float, float]]:
    """Parse seconds and factor of each phase. Raises ValueError when the text is not `SECONDS FACTOR, …`."""
    phases = [tuple(map(float, part.split())) for part in text.split(",")]
    if any(len(phase) != 2 or min(phase) <= 0 for phase in phases):
        raise ValueError(f"phases {text!r} cannot be used: give `SECONDS FACTOR, SECONDS FACTOR`, each above 0")
    return [(phase[0], phase[1]) for phase in phases]


def checked(text: str) -> str:
    """Return the text if `parse` accepts it. Raises ValueError."""
    parse(text)
    return text


def add_argument(parser: LocustArgumentParser) -> None:
    """Add `--phases`, as an option and as a field of the web UI."""
    parser.add_argument("--phases", type=checked, default=DEFAULT, help=f"Seconds and factor of each phase ({DEFAULT})")
