"""The grammar of conditions: one measure, one comparison, one value.

p95(gateway) < 500ms              latency quantile of a load series
error_rate(tools) > 5%            bad events among all; error_rate(tools, http_503, timeout) of these kinds only
availability(valid) >= 99%        1 - error rate
status(tools, 503) > 1%           share of arrivals answered so
count(bad_input, accepted) == 0   bad events of one kind, an absolute number
metric(realtime, name{l="v"}) > 900      sum over the pods; rate(…) per second; increase(…) since the phase began
ratio(realtime, drops, messages) < 1%    growth of one counter for each of another
quantile(0.95, inference, service_latency_histogram) > 500ms     from a histogram's buckets
health(tool-service) == failing   or ok
logs(inference, "timeout") > 0    lines that match (a regular expression, case ignored) since the phase began;
                                  log_rate(…) per second
breaker(api-gateway, tools) == open      or closed
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from harness.errors import ConditionError

Kind = Literal["ratio", "count", "probe"]
Op = Literal["<", "<=", ">", ">=", "==", "!="]

_SENTENCE = re.compile(
    r"^\s*(?P<fn>[a-z_]+|p\d+(?:\.\d+)?)\s*\((?P<args>.*)\)\s*(?P<op><=|>=|==|!=|<|>)\s*(?P<value>\S+)\s*$", re.S
)
_ARGUMENT = re.compile(r'\s*("(?:[^"\\]|\\.)*"|(?:[^,{"]|\{[^}]*\})+)\s*(?:,|$)')
_VALUE = re.compile(r"^(-?\d+(?:\.\d+)?)(ms|s|%|)$")
_FUNCTIONS = {
    "error_rate": (1, 9), "availability": (1, 1), "status": (2, 2), "count": (2, 2), "metric": (2, 2), "rate": (2, 2),
    "increase": (2, 2), "ratio": (3, 3), "quantile": (3, 3), "health": (1, 1), "logs": (2, 2),
    "log_rate": (2, 2), "breaker": (2, 2),
}  # fmt: skip
_UNITS = {"quantile": ("", "ms", "s"), "ratio": ("%", "")}
_STATES = {"health": ("failing", "ok"), "breaker": ("open", "closed")}
_METRIC = re.compile(r'^[a-zA-Z_:][\w:]*(\{\s*(\w+\s*=\s*"[^"]*"\s*,?\s*)*\})?$')


@dataclass(frozen=True)
class Measure:
    """What is measured: `fn` with its arguments; equal measures are sampled once."""

    fn: str
    args: tuple[str, ...]

    @property
    def key(self) -> str:
        """A stable name of what a sampler records for this measure."""
        return f"{self.fn}({', '.join(self.args)})"

    @property
    def sampled(self) -> tuple[Measure, ...]:
        """What has to be looked at for it: itself, or the two counters of a ratio."""
        if self.fn != "ratio":
            return (self,)
        deployment, above, below = self.args
        return Measure("metric", (deployment, above)), Measure("metric", (deployment, below))

    @property
    def is_load(self) -> bool:
        """Measured by the load's own counts, not by looking at a service."""
        return self.fn in ("p", "error_rate", "count")


@dataclass(frozen=True)
class Condition:
    """`measure op value`. Values in base units: milliseconds, fractions of one, counts, or a state as 1.0 / 0.0.

    For load ratios the question is a Bernoulli one: `theta` is the bad fraction allowed, `over_ms` the latency that
    makes an arrival bad (None: only its outcome does), `kinds` the bad kinds that count (empty: all).
    """

    text: str
    measure: Measure
    op: str
    value: float
    unit: str
    over_ms: float | None = None
    kinds: tuple[str, ...] = ()
    theta: float | None = None

    @property
    def series(self) -> str:
        """The load series; only for load measures."""
        return self.measure.args[0]

    @property
    def wants_low(self) -> bool:
        """True for `<`: few bad events fulfil it (as an SLO says); False for `>` (as a symptom says)."""
        return self.op in ("<", "<=")


def parse(text: str) -> Condition:
    """Parse one condition; raises ConditionError naming the text, what is wrong with it and what would be right."""
    match = _SENTENCE.match(text)
    if not match:
        raise _error(text, "it is not `function(arguments) comparison value`")
    fn, op = match["fn"], match["op"]
    args = _arguments(text, match["args"])
    if re.fullmatch(r"p\d+(\.\d+)?", fn):
        return _latency(text, float(fn[1:]), args, op, match["value"])
    if fn not in _FUNCTIONS:
        raise _error(text, f"there is no `{fn}`; known are pNN, {', '.join(sorted(_FUNCTIONS))}")
    low, high = _FUNCTIONS[fn]
    if not low <= len(args) <= high:
        raise _error(text, f"`{fn}` takes {low if low == high else f'{low} to {high}'} arguments, not {len(args)}")
    if fn in ("error_rate", "availability", "status"):
        return _ratio(text, fn, args, op, match["value"])
    return _probe(text, fn, args, op, match["value"])


def _error(text: str, fact: str) -> ConditionError:
    return ConditionError(
        f"condition `{text.strip()}`: {fact}. Example: p95(gateway) < 500ms; all forms: docs/reference/conditions.md"
    )


def _arguments(text: str, source: str) -> tuple[str, ...]:
    found: list[str] = []
    position = 0
    while position < len(source):
        match = _ARGUMENT.match(source, position)
        if not match or match.end() == position:
            raise _error(text, f"cannot read the arguments `{source}`")
        word = match[1].strip()
        found.append(re.sub(r"\\(.)", _unescape, word[1:-1]) if word.startswith('"') else word)
        position = match.end()
    if not all(found):
        raise _error(text, "an argument is empty")
    return tuple(found)


def _unescape(match: re.Match[str]) -> str:
    return match[1] if match[1] in '"\\' else match[0]


def _number(text: str, value: str, units: tuple[str, ...]) -> tuple[float, str]:
    match = _VALUE.match(value)
    if not match or match[2] not in units:
        raise _error(text, f"`{value}` is not a number with unit {' or '.join(unit or 'none' for unit in units)}")
    scale = {"ms": 1.0, "s": 1000.0, "%": 0.01, "": 1.0}[match[2]]
    return float(match[1]) * scale, {"s": "ms", "%": "ratio"}.get(match[2], match[2])


def _latency(text: str, quantile: float, args: tuple[str, ...], op: str, value: str) -> Condition:
    if not 0 < quantile < 100:
        raise _error(text, "a quantile lies between p0 and p100")
    if len(args) != 1 or op in ("==", "!="):
        raise _error(text, "a latency quantile takes one series and < or >")
    limit, _ = _number(text, value, ("ms", "s"))
    theta = round(1 - quantile / 100, 9)
    return Condition(
        text.strip(), Measure("p", (args[0], f"{quantile:g}")), op, limit, "ms", over_ms=limit, theta=theta
    )


def _ratio(text: str, fn: str, args: tuple[str, ...], op: str, value: str) -> Condition:
    limit, unit = _number(text, value, ("%", ""))
    if unit != "ratio" and not 0 <= limit <= 1:
        raise _error(text, "a ratio lies between 0 % and 100 %")
    if op in ("==", "!="):
        raise _error(text, "a ratio is compared by <, <=, > or >=; for an absolute number use count(series, kind)")
    kinds = tuple(f"http_{code}" for code in args[1:]) if fn == "status" else args[1:]
    measure = Measure("error_rate", (args[0], *kinds))
    if fn != "availability":
        return Condition(text.strip(), measure, op, limit, "ratio", kinds=kinds, theta=limit)
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
    return Condition(text.strip(), measure, mirrored, round(1 - limit, 9), "ratio", theta=round(1 - limit, 9))


def _probe(text: str, fn: str, args: tuple[str, ...], op: str, value: str) -> Condition:
    if fn in _STATES:
        bad, good = _STATES[fn]
        if value not in (bad, good) or op not in ("==", "!="):
            raise _error(text, f"`{fn}` is compared by == with {bad} or {good}")
        return Condition(text.strip(), Measure(fn, args), op, 1.0 if value == bad else 0.0, "state")
    if fn == "quantile":
        _quantile_of(text, args[0])
    for name in _metric_names(fn, args):
        if not _METRIC.match(name):
            raise _error(text, f"`{name}` is not a metric's name with optional labels")
    if fn in ("logs", "log_rate"):
        _check_pattern(text, args[1])
    limit, unit = _number(text, value, _UNITS.get(fn, ("",)))
    kinds = (args[1],) if fn == "count" else ()
    return Condition(
        text.strip(), Measure(fn, args), op, limit, "ratio" if fn == "ratio" else unit or "count", kinds=kinds
    )


def _metric_names(fn: str, args: tuple[str, ...]) -> tuple[str, ...]:
    return args[1:] if fn == "ratio" else args[-1:] if fn in ("metric", "rate", "increase", "quantile") else ()


def _quantile_of(text: str, word: str) -> None:
    try:
        inside = 0 < float(word) < 1
    except ValueError:
        inside = False
    if not inside:
        raise _error(text, f"`{word}` is not a quantile between 0 and 1")


def _check_pattern(text: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise _error(text, f"`{pattern}` is not a regular expression ({error})") from None


def compare(left: float, op: str, right: float) -> bool:
    """`left op right`."""
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[op]
