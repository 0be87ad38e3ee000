"""The phases of a drill as a load shape: so many seconds at so many times the rate, one after the other."""

from __future__ import annotations

from locust import LoadTestShape
from locust.argument_parser import LocustArgumentParser

DEFAULT = "30 1, 60 2, 30 1"
"""A baseline, the incident with its surge, the recovery."""


class Phases(LoadTestShape):
    """Ends after the last phase. `factor` is what the rate is multiplied with in the phase that is on."""

    abstract = True
    factor = 1.0

    def tick(self) -> tuple[int, float] | None:
        """Return a different number of users in each phase, so that locust dispatches again."""
        assert self.runner is not None, "locust sets it before it asks"
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
    """Seconds and factor of each phase. Raises ValueError."""
    phases = [tuple(map(float, part.split())) for part in text.split(",")]
    if any(len(phase) != 2 or min(phase) <= 0 for phase in phases):
        raise ValueError(f"phases {text!r} cannot be used: give `SECONDS FACTOR, SECONDS FACTOR`, each above 0")
    return [(phase[0], phase[1]) for phase in phases]


def checked(text: str) -> str:
    """The text, if it can be used. Raises ValueError."""
    parse(text)
    return text


def add_argument(parser: LocustArgumentParser) -> None:
    """`--phases`, a field of the web UI as well."""
    parser.add_argument("--phases", type=checked, default=DEFAULT, help=f"Seconds and factor of each phase ({DEFAULT})")
