"""Parses flags by the rules of Go's pflag, from a table of flags per command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.cluster.kubectl.errors import Failure

Value = bool | int | float | str
Kind = Literal["bool", "int", "duration", "timeout", "string", "strings"]

DURATION_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
BOOLEANS = {
    text: value
    for value, texts in ((True, "1 t T TRUE true True"), (False, "0 f F FALSE false False"))
    for text in texts.split()
}


@dataclass(frozen=True)
class Flag:
    """One flag. `bare` is its value without an argument (`--dry-run`, every bool)."""

    name: str
    short: str = ""
    kind: Kind = "bool"
    bare: str | None = None
    why: str = ""
    """The error for using it; empty for a supported flag."""

    @property
    def alone(self) -> str | None:
        return "true" if self.kind == "bool" else self.bare


def switches(names: str) -> tuple[Flag, ...]:
    """Boolean flags, each written as `name` or `name/short` (as in the functions below)."""
    return _flags(names, "bool")


def texts(names: str) -> tuple[Flag, ...]:
    return _flags(names, "string")


def integers(names: str) -> tuple[Flag, ...]:
    return _flags(names, "int")


def durations(names: str) -> tuple[Flag, ...]:
    return _flags(names, "duration")


def timeouts(names: str) -> tuple[Flag, ...]:
    """Durations of a request: a number without a unit is in seconds."""
    return _flags(names, "timeout")


def lists(names: str) -> tuple[Flag, ...]:
    """Flags that can be repeated; their values are joined by newlines."""
    return _flags(names, "strings")


def optional(name: str, bare: str) -> tuple[Flag, ...]:
    """A flag whose value is optional (`--dry-run`) and defaults to `bare`."""
    return (Flag(name, kind="string", bare=bare),)


def _flags(names: str, kind: Kind) -> tuple[Flag, ...]:
    parts = (text.partition("/") for text in names.split())
    return tuple(Flag(name, short, kind) for name, _, short in parts)


def unsupported(switches: str = "", valued: str = "") -> tuple[Flag, ...]:
    """Flags of the original that are not implemented."""
    return _refused(switches, valued, "this platform's kubectl does not support --{} yet; leave it out")


def other_cluster(switches: str = "", valued: str = "") -> tuple[Flag, ...]:
    """Flags that select another cluster or user; they are refused."""
    return _refused(switches, valued, "--{} is refused: this kubectl reaches this platform only; leave the flag out")


def _refused(switches: str, valued: str, why: str) -> tuple[Flag, ...]:
    flags = (*_flags(switches, "bool"), *_flags(valued, "string"))
    return tuple(replace(flag, why=why.format(flag.name)) for flag in flags)


@dataclass
class Parsed:
    """The parsed flags and arguments. `dash` is the number of arguments before `--`; None without it."""

    values: dict[str, Value] = field(default_factory=dict)
    args: list[str] = field(default_factory=list)
    dash: int | None = None

    def has(self, name: str) -> bool:
        return name in self.values

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else default

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: int) -> int:
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def seconds(self, name: str, default: float) -> float:
        value = self.values.get(name, default)
        return value if isinstance(value, float) else default


def parse(
    argv: Sequence[str], flags: Iterable[Flag], help_line: str, *, first_only: bool = False
) -> tuple[Parsed, list[str]]:
    """Parse `argv`; with `first_only` up to the first argument. Return the result and the rest. Raises Failure."""
    reader = _Reader(list(argv), flags, help_line)
    while reader.rest:
        arg = reader.rest[0]
        if first_only and (arg == "--" or not _is_flag(arg)):
            break
        reader.argument()
    return reader.parsed, reader.rest


def _is_flag(arg: str) -> bool:
    return arg.startswith("-") and arg != "-"


class _Reader:
    def __init__(self, rest: list[str], flags: Iterable[Flag], help_line: str) -> None:
        self.rest, self.parsed, self._help = rest, Parsed(), help_line
        flags = tuple(flags)
        self._long = {flag.name: flag for flag in flags}
        self._short = {flag.short: flag for flag in flags if flag.short}

    def argument(self) -> None:
        arg = self.rest.pop(0)
        if arg == "--":
            self.parsed.dash = len(self.parsed.args)
            self.parsed.args += self.rest
            self.rest = []
        elif arg.startswith("--"):
            self._long_flag(arg[2:])
        elif _is_flag(arg):
            self._short_flags(arg[1:])
        else:
            self.parsed.args.append(arg)

    def _long_flag(self, arg: str) -> None:
        name, equals, value = arg.partition("=")
        flag = self._long.get(name)
        if flag is None:
            raise self._usage(f"unknown flag: --{name}")
        if equals:
            self._set(flag, value, f"--{name}")
        elif flag.alone is not None:
            self._set(flag, flag.alone, f"--{name}")
        elif self.rest:
            self._set(flag, self.rest.pop(0), f"--{name}")
        else:
            raise self._usage(f"flag needs an argument: --{name}")

    def _short_flags(self, letters: str) -> None:
        given = letters
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = self._short.get(letter)
            if flag is None:
                raise self._usage(f"unknown shorthand flag: {letter!r} in -{given}")
            shown = f"-{letter}, --{flag.name}"
            if letters.startswith("=") and letters != "=":
                return self._set(flag, letters[1:], shown)
            if flag.alone is not None:
                self._set(flag, flag.alone, shown)
            elif letters:
                return self._set(flag, letters, shown)
            elif self.rest:
                return self._set(flag, self.rest.pop(0), shown)
            else:
                raise self._usage(f"flag needs an argument: {letter!r} in -{given}")
        return None

    def _set(self, flag: Flag, text: str, shown: str) -> None:
        if flag.why:
            raise Failure(f"error: {flag.why}")
        try:
            value = READERS[flag.kind](text)
        except ValueError as error:
            raise self._usage(f'invalid argument "{text}" for "{shown}" flag: {error}') from error
        if flag.kind == "strings" and self.parsed.has(flag.name):
            value = f"{self.parsed.text(flag.name)}\n{value}"
        self.parsed.values[flag.name] = value

    def _usage(self, text: str) -> Failure:
        return Failure(f"error: {text}\n{self._help}")


def read_bool(text: str) -> bool:
    if text not in BOOLEANS:
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return BOOLEANS[text]


def read_int(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text):
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def read_duration(text: str) -> float:
    """Seconds of a duration as Go's time.ParseDuration accepts it: `1h30m`, `300ms`, `0`."""
    if text in ("0", "+0", "-0"):
        return 0.0
    parts = re.findall(r"(\d*\.?\d*)([^\d.]+)", text.lstrip("+-"))
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([^\d.]*((\d+\.?\d*|\.\d+)[^\d.]*)*)", text):
        raise ValueError(f'time: invalid duration "{text}"')
    if not parts or "".join(number + unit for number, unit in parts) != text.lstrip("+-"):
        raise ValueError(f'time: missing unit in duration "{text}"')
    for _, unit in parts:
        if unit not in DURATION_UNITS_S:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
    total = sum(float(number) * DURATION_UNITS_S[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def read_timeout(text: str) -> float:
    """Seconds of --request-timeout. Raises Failure, as kubectl does after it has parsed all flags."""
    try:
        seconds = float(text) if re.fullmatch(r"[+-]?\d+", text) else read_duration(text)
    except ValueError:
        seconds = -1.0
    if seconds < 0:
        raise Failure(
            "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a"
            " corresponding time unit (e.g. 1s | 2m | 3h)"
        )
    return seconds


READERS: dict[str, Callable[[str], Value]] = {
    "bool": read_bool,
    "int": read_int,
    "duration": read_duration,
    "timeout": read_timeout,
    "string": str,
    "strings": str,
}
