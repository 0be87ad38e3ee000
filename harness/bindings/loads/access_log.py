"""Reads an access log in the common or combined log format, as Apache, nginx and many others write it.

`HOST IDENT USER [TIME] "METHOD PATH PROTOCOL" STATUS BYTES`, in the combined format followed by referrer and user
agent: https://httpd.apache.org/docs/2.4/logs.html#accesslog
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from harness.bindings.loads.shape import SEND

MOST = 200_000
"""Most requests of one log."""
_LINE = re.compile(r'\S+ \S+ .*?\[(?P<time>[^]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) ')
_TIME = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST = 10_000
"""Most characters of a line; a longer one is left out."""
_Entry = tuple[int, tuple[str, str]]
"""Seconds since the epoch, and method and path."""


class LogError(Exception):
    """The log has nothing that can be sent, or too much; the message says what to do."""


@dataclass(frozen=True)
class Recording:
    """The requests of a log that can be sent again."""

    requests: tuple[tuple[str, str], ...]
    """Method and path of each that differs."""
    order: tuple[int, ...]
    """The index of each request in turn."""
    offsets_s: tuple[float, ...]
    """When each was made, seconds since the first one."""
    left_out: int
    """Lines that are not sent: other methods, failed requests, and what is no line of such a log."""


def recording_of(lines: Iterable[str], methods: Sequence[str]) -> Recording:
    """The requests with these methods that were answered with a status below 400, in the order of their time.

    Raises LogError when there is none, and when there are more than MOST.
    """
    entries, left_out, others = _entries(lines, methods)
    if not entries:
        why = f"; others were sent with {', '.join(sorted(others))}: state `methods`" if others else ""
        fact = f"none of {left_out} lines is a successful request with {' or '.join(methods)}"
        raise LogError(f"{fact} in the common or combined log format{why}")
    entries.sort(key=lambda entry: entry[0])
    indices = {request: index for index, request in enumerate(dict.fromkeys(request for _, request in entries))}
    order = tuple(indices[request] for _, request in entries)
    return Recording(tuple(indices), order, tuple(_spread([second for second, _ in entries])), left_out)


def _entries(lines: Iterable[str], methods: Sequence[str]) -> tuple[list[_Entry], int, set[str]]:
    """The requests to send, the number of other lines, and the methods of successful requests among these."""
    entries: list[_Entry] = []
    left_out, others = 0, set[str]()
    for line in filter(str.strip, lines):
        entry = _entry(line)
        if entry and entry[1][0] in methods:
            entries.append(entry)
        else:
            left_out += 1
            others |= {entry[1][0]} if entry else set()
        if len(entries) > MOST:
            raise LogError(f"more than {MOST} requests; cut the log to the time that is to be repeated")
    return entries, left_out, others


def _entry(line: str) -> _Entry | None:
    """Time and request of a line; None for a failed request, and for what is no such line."""
    match = _LINE.match(line) if len(line) <= _LONGEST else None
    if not match or int(match["status"]) >= 400:
        return None
    second, request = _second(match["time"]), SEND.fullmatch(match["request"].rpartition(" HTTP/")[0])
    return (second, (request[1], request[2])) if second is not None and request else None


@lru_cache(maxsize=8)
def _second(text: str) -> int | None:
    """The time `10/Oct/2000:13:55:36 -0700` in seconds since the epoch; the names of the months are English."""
    match = _TIME.fullmatch(text)
    if not match or match[2] not in _MONTHS:
        return None
    ahead = timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
    try:
        day, hour, minute, second = (int(match[number]) for number in (1, 4, 5, 6))
        month = _MONTHS.index(match[2]) + 1
        time = datetime(int(match[3]), month, day, hour, minute, second, tzinfo=timezone(ahead))
    except ValueError:
        return None
    return int(time.timestamp())


def _spread(seconds: Sequence[int]) -> Iterator[float]:
    """Offsets from the first second; the log has whole seconds, so the requests of one are spread evenly over it."""
    sizes, seen = Counter(seconds), Counter[int]()
    for second in seconds:
        yield second - seconds[0] + seen[second] / sizes[second]
        seen[second] += 1
