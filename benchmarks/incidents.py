"""Invented incidents: the share of failed requests on both sides of a drill, as a function of the incident's age."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

BROKEN = 0.5
"""Fraction of arrivals that fail while the incident lasts."""

Law = Callable[[float, float | None], float]
"""Fraction of failed arrivals at an age of the incident in s; the second argument: seconds since the remedy worked."""
Incident = Callable[[Random], tuple[Law, Law]]
"""Draws the laws of the treatment and of the control for one drill."""


def alike(draw: Callable[[Random], Law]) -> Incident:
    """Draw both sides independently from one law."""
    return lambda rng: (draw(rng), draw(rng))


def until(end_s: float) -> Law:
    """Broken until a fixed age."""
    return lambda age_s, _: BROKEN if age_s < end_s else 0.0


def ends_exponentially(mean_s: float) -> Incident:
    """Ends by itself at an exponential time."""
    return alike(lambda rng: until(rng.expovariate(1 / mean_s)))


def ends_normally(mean_s: float, sd_s: float) -> Incident:
    """Ends by itself at a normal time."""
    return alike(lambda rng: until(rng.gauss(mean_s, sd_s)))


def ends_later_on_the_control(mean_s: float, later_s: float) -> Incident:
    """Ends on one platform, and `later_s` afterwards on the control."""

    def draw(rng: Random) -> tuple[Law, Law]:
        end_s = rng.gauss(mean_s, 2.0)
        return until(end_s), until(end_s + later_s)

    return draw


def ends_together(mean_s: float) -> Incident:
    """Ends at the same time on both sides."""

    def draw(rng: Random) -> tuple[Law, Law]:
        end_s = rng.expovariate(1 / mean_s)
        return until(end_s), until(end_s)

    return draw


def periodic(good_s: float, bad_s: float, *, shifted: bool) -> Incident:
    """Alternates between good and bad spells of fixed lengths; `shifted`: the phases of the sides are independent."""

    def law(phase_s: float) -> Law:
        return lambda age_s, _: BROKEN if (age_s + phase_s) % (good_s + bad_s) < bad_s else 0.0

    def draw(rng: Random) -> tuple[Law, Law]:
        phase_s = rng.uniform(0, good_s + bad_s)
        return law(phase_s), law(rng.uniform(0, good_s + bad_s) if shifted else phase_s)

    return draw


def on_off(good_mean_s: float, bad_mean_s: float) -> Incident:
    """Alternates between good and bad spells of exponential lengths."""

    def draw(rng: Random) -> Law:
        ends, at_s, bad = list[float](), 0.0, True
        while at_s < 400:
            at_s += rng.expovariate(1 / (bad_mean_s if bad else good_mean_s))
            ends.append(at_s)
            bad = not bad
        return lambda age_s, _: 0.0 if sum(end <= age_s for end in ends) % 2 else BROKEN

    return alike(draw)


def drifts(mean_s: float) -> Incident:
    """The failed fraction falls slowly, by half in an exponential time."""
    return alike(lambda rng: _halving(rng.expovariate(1 / mean_s)))


def _halving(half_s: float) -> Law:
    return lambda age_s, _: BROKEN * 0.5 ** (age_s / half_s)


def remedied(rng: Random) -> tuple[Law, Law]:
    """A good runbook: the incident lasts until the remedy works."""
    return left_at(0.0)(rng)


def remedied_for(seconds: float) -> Incident:
    """The remedy helps for so long only."""

    def law(_: float, healed_s: float | None) -> float:
        return 0.0 if healed_s is not None and healed_s < seconds else BROKEN

    return lambda rng: (law, law)


def left_at(fraction: float) -> Incident:
    """The remedy leaves a fraction of the requests failing."""

    def law(_: float, healed_s: float | None) -> float:
        return BROKEN if healed_s is None else fraction

    return lambda rng: (law, law)


SELF_HEALING: Mapping[str, Incident] = {
    "exponential, mean 10 s": ends_exponentially(10),
    "exponential, mean 20 s": ends_exponentially(20),
    "exponential, mean 40 s": ends_exponentially(40),
    "15 ± 4 s": ends_normally(15, 4),
    "15 ± 2 s": ends_normally(15, 2),
    "2 s later on the control": ends_later_on_the_control(15, 2),
    "12 s later on the control": ends_later_on_the_control(15, 12),
    "both at once": ends_together(20),
    "flapping, means 10 and 3 s": on_off(10, 3),
    "flapping, means 4 and 4 s": on_off(4, 4),
    "sawtooth 11 s good, 3 s bad": periodic(11, 3, shifted=False),
    "the same, phases apart": periodic(11, 3, shifted=True),
    "period 12 s, half bad, apart": periodic(6, 6, shifted=True),
    "bursts of 1 s in 10 s": periodic(9, 1, shifted=True),
    "slow drift, half in 10 s": drifts(10),
    "slow drift, half in 30 s": drifts(30),
}
"""Incidents that a response has no effect on."""
