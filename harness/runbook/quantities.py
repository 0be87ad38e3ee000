"""Reads the value of a toggle: a number with separators, unit or percent sign becomes what its variable takes.

The end of the variable's name states its unit (`WAIT_MS`, `HEAP_BYTES`, `QUEUE_PERCENT`). What has no single meaning is
not read: an approximate value, a range, `0,8`, `5.000`, a unit for a variable that states none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_APPROXIMATE = re.compile(
    r"(?:≈|\b(?:about|around|circa|at least|at most|up to|more than|less than)\b|\bapprox(?:\.|imately)?|\bca\.)"
    r"\s*(?=\d)",
    re.I,
)
NUMBER = (
    r"(?:~\s*)?[-+]?\d+(?:[.,_'\u2019]\d+|[ \u00a0\u202f]\d{3}(?!\d))*"
    r"(?:\s?[-–]\s?\d[\d.,]*)?"
)
"""A number as documents write it, for a larger pattern."""
UNIT = (
    r"(?:milliseconds?|millis|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|percent|%"
    r"|[kmgt]i?b|[kmgt]i|bytes?|k|[mg])"
)
_RANGE = re.compile(r"\d\s?[-–]\s?\d|\d\s+to\s+\d")
_PLAIN = re.compile(r"[-+]?\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:([,_'\u2019 \u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?")
_QUANTITY = re.compile(rf"(?P<number>{NUMBER})(?P<gap>\s*)(?:(?P<unit>{UNIT})(?![a-z]))?(?P<rest>.*)", re.I | re.S)
_TIME = {"ms": Decimal(1), "s": Decimal(1000), "m": Decimal(60_000), "h": Decimal(3_600_000), "d": Decimal(86_400_000)}
_TIME_NAMES = {"ms": r"ms|msecs?|millis|milliseconds?", "s": r"s|secs?|seconds?", "m": r"m|mins?|minutes?"}
_TIME_NAMES |= {"h": r"h|hrs?|hours?", "d": r"d|days?"}
_BYTES = {"bytes": Decimal(1), "byte": Decimal(1)}
_BYTES |= {f"{sign}b": Decimal(1000) ** n for n, sign in enumerate("kmgt", 1)}
_BYTES |= {f"{sign}i{end}": Decimal(1024) ** n for n, sign in enumerate("kmgt", 1) for end in ("", "b")}
_SIZES = re.compile(r"MEM|HEAP|SIZE|BYTES|BUFFER|CACHE|DISK", re.I)
_WORDS = ("true", "false", "on", "off", "yes", "no", "enabled", "disabled")


@dataclass(frozen=True)
class Unclear:
    """Why a written value has no single meaning."""

    why: str


def marked(text: str) -> str:
    """The text with `~` for words such as "about" before a number."""
    return _APPROXIMATE.sub("~", text)


def read_value(written: str, variable: str) -> str | Unclear:
    """What to set a variable to for a value of the document; Unclear with the reason where that is not certain."""
    text = marked(" ".join(written.replace("\u00a0", " ").replace("\u202f", " ").split()))
    if not re.search(r"\d", text) or (re.match(r"[-+]?\d", text) is None and not text.startswith("~")):
        return text
    if text.startswith("~"):
        return Unclear(f"`{text}` is about a value: state the exact one")
    if _RANGE.search(text):
        return Unclear(f"`{text}` is a range: state one value")
    found = _QUANTITY.fullmatch(text)
    return _quantity(found, text, variable) if found else text


def read_values(old: str | None, new: str, variable: str) -> tuple[str | Unclear | None, str | Unclear]:
    """The documented start and the new value; Unclear for a start that cannot be compared with the new value."""
    wanted, start = read_value(new, variable), read_value(old, variable) if old is not None else None
    if not isinstance(start, str) or isinstance(wanted, Unclear):
        return start, wanted
    scaled = _scaled(old or "", start), _scaled(new, wanted)
    if scaled == (False, True) and _kind(old or "") == "number":
        return Unclear(f"`{old}` states no unit, and `{new}` does"), wanted
    if scaled == (True, False) and _kind(new) == "number":
        return start, Unclear(f"`{new}` states no unit, and `{old}` does")
    if _kind(start) != _kind(wanted):
        return Unclear(f"`{start}` cannot be compared with `{wanted}`"), wanted
    return start, wanted


def _scaled(written: str, read: str) -> bool:
    """Whether a value has another unit than its variable."""
    found = _QUANTITY.fullmatch(written.strip())
    return bool(found and found["unit"] and found["unit"] not in "kK" and read != _written_in(found["number"]))


def _written_in(number: str) -> str:
    plain = _number(number)
    return "" if isinstance(plain, Unclear) else _written(plain)


def _kind(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return "number"
    if value.lower() in _WORDS:
        return "truth"
    return "quantity" if re.match(r"[-+]?\d", value) else "word"


def _quantity(found: re.Match[str], text: str, variable: str) -> str | Unclear:
    number = _number(found["number"])
    if isinstance(number, Unclear):
        return number
    unit, rest = (found["unit"] or "").lower(), found["rest"]
    if not unit and re.fullmatch(r"\s+[a-z]+", f"{found['gap']}{rest}", re.I):
        return _written(number)
    if rest.strip():
        return Unclear(f"`{text}` is no single number") if not _literal(text) else text
    if not unit:
        return found["number"] if _PLAIN.fullmatch(found["number"]) else _written(number)
    return _with_unit(number, unit, text, variable, attached=not found["gap"])


def _literal(text: str) -> bool:
    """Whether a text that begins with a digit is a name rather than a number: `1.2.3`, `10.0.0.1:8080`, `7d-old`."""
    return bool(re.fullmatch(r"\d+(\.\d+){2,}\S*|\d[\w.]*[-:/]\S+", text))


def _number(written: str) -> Decimal | Unclear:
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", written):
        plain = written.replace(".", "")
        return Unclear(f"`{written}` may be {_written(Decimal(written))} or {plain}: write it without separators")
    if _PLAIN.fullmatch(written):
        return Decimal(written)
    if _THOUSANDS.fullmatch(written):
        return Decimal(re.sub(r"[^\d.+-]", "", written))
    return Unclear(f"`{written}` has a comma that separates no thousands: write it without")


def _written(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _with_unit(number: Decimal, unit: str, text: str, variable: str, *, attached: bool) -> str | Unclear:
    if unit == "k":
        return _kilo(number, text, variable)
    if unit in ("%", "percent"):
        return _percent(number, text, variable)
    own = re.search(r"_([A-Za-z]+)$", variable)
    taken = own[1].lower() if own else ""
    for factors, factor, kind in ((_TIME, _time(unit), "time"), (_BYTES, _BYTES.get(unit), "size")):
        target = _time(taken) if factors is _TIME else _BYTES.get(taken)
        if target is not None and factor is not None:
            return _written(number * factor / target)
        if target is not None:
            return Unclear(f"`{text}` is no {kind}, and {variable} takes one")
    if attached:
        return text
    return Unclear(f"{variable} does not say in which unit it takes {text}: write the value as the variable takes it")


def _time(unit: str) -> Decimal | None:
    return next((factor for name, factor in _TIME.items() if re.fullmatch(_TIME_NAMES[name], unit)), None)


def _kilo(number: Decimal, text: str, variable: str) -> str | Unclear:
    if _SIZES.search(variable):
        return Unclear(f"`{text}` may be {_written(number * 1000)} or {_written(number * 1024)}: write the number")
    return _written(number * 1000)


def _percent(number: Decimal, text: str, variable: str) -> str | Unclear:
    if re.search(r"_(PERCENT|PERCENTAGE|PCT)$", variable, re.I):
        return _written(number)
    if re.search(r"_(RATIO|FRACTION|SHARE)$", variable, re.I):
        return _written(number / 100)
    own = re.search(r"_([A-Za-z]+)$", variable)
    if own and _time(own[1].lower()) is not None:
        return Unclear(f"`{text}` is no time, and {variable} takes one")
    return Unclear(f"{variable} does not say whether it takes {_written(number)} or {_written(number / 100)}")
