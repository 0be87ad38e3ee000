"""A scenario's settings from the environment, all with defaults. List: docs/reference/contracts.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .schedule import parse

T = TypeVar("T")
MAX_TICK_MS = 50
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?|(\d+(?:\.\d+)?)", re.ASCII)
"""A duration as locust writes it: a number alone is seconds. Here seconds may be a fraction."""


@dataclass(frozen=True)
class Share:
    """This process sends the arrivals drawn for `place` (from 0) of `of` equal shares of one schedule.

    Each share has the configured rate. The schedule starts at `start_epoch_s`, the same for all shares.
    """

    place: int
    of: int
    start_epoch_s: float


class SettingsError(Exception):
    """A variable of the environment cannot be used; the message names it."""


@dataclass(frozen=True)
class Settings:
    """`stream_fd` None: no stream; `admin_port` None: no admin listener, 0: any free port.

    `tick_s` 0: each arrival wakes the fast worker separately. `share` None: the whole schedule.
    """

    host: str | None
    rate_per_s: float | None
    schedule: str | None
    tick_s: float
    seed: int
    thresholds_ms: tuple[int, ...]
    duration_s: float
    stream_fd: int | None
    admin_port: int | None
    admin_token: str
    share: Share | None = None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read all settings. Raises SettingsError for the first variable that is unusable."""

    def read(name: str, default: str, parse: Callable[[str], T]) -> T:
        text = environ.get(name) or default
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsError(f"{name}={text!r} in the environment cannot be used: {error}") from error

    settings = Settings(
        host=environ.get("GAMEDAY_HOST") or None,
        rate_per_s=read("GAMEDAY_RATE", "", _optional(positive)),
        schedule=read("GAMEDAY_SCHEDULE", "", _optional(known_schedule)),
        tick_s=read("GAMEDAY_TICK_MS", "0", tick_ms) / 1e3,
        seed=read("GAMEDAY_SEED", "1", int),
        thresholds_ms=read("GAMEDAY_THRESHOLDS_MS", "500", _thresholds),
        duration_s=read("GAMEDAY_DURATION_S", "900", positive),
        stream_fd=read("GAMEDAY_STREAM_FD", "", _optional(int)),
        admin_port=read("GAMEDAY_ADMIN_PORT", "", _optional(int)),
        admin_token=environ.get("GAMEDAY_ADMIN_TOKEN", ""),
        share=read("GAMEDAY_SHARE", "", _optional(_share)),
    )
    if settings.admin_port is not None and not settings.admin_token:
        raise SettingsError("GAMEDAY_ADMIN_PORT is set without GAMEDAY_ADMIN_TOKEN: set a token that callers must know")
    return settings


def positive(text: str) -> float:
    """Parse a number above 0. Raises ValueError."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError("it must be a number above 0")
    return number


def duration_s(text: str) -> float:
    """Parse a duration such as `30`, `30s` or `1h20m30s`; return seconds. Raises ValueError unless it is above 0."""
    parts = DURATION.fullmatch(text)
    numbers = [float(part or 0) for part in parts.groups()] if parts else []
    total_s = sum(number * unit_s for number, unit_s in zip(numbers, (3600, 60, 1, 1), strict=False))
    if not 0 < total_s < float("inf"):
        raise ValueError("it must be a duration above 0, such as 30, 30s or 1h20m30s")
    return total_s


def known_schedule(text: str) -> str:
    """Return the text if it is a schedule. Raises ValueError."""
    parse(text)
    return text


def tick_ms(text: str) -> float:
    """Parse a tick in milliseconds: arrivals wait for the next tick, so that one wake-up sends several.

    Raises ValueError outside 0 to `MAX_TICK_MS`.
    """
    number = float(text)
    if not 0 <= number <= MAX_TICK_MS:
        raise ValueError(f"it must be from 0 (precise) to {MAX_TICK_MS} ms")
    return number


def _optional(parse_text: Callable[[str], T]) -> Callable[[str], T | None]:
    return lambda text: parse_text(text) if text else None


def _share(text: str) -> Share:
    place, of, start_s = re.split("[/@]", text)
    share = Share(int(place), int(of), positive(start_s))
    if not 0 <= share.place < share.of:
        raise ValueError("it must be PLACE/OF@START, such as 0/2@1763900000.5, with 0 <= PLACE < OF")
    return share


def _thresholds(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part) for part in text.split(",")}))
