"""Grammar of conditions: `function(arguments) comparison value`.

p95(gateway) < 500ms              latency quantile of a load series
error_rate(tools) > 5%            bad arrivals among all; error_rate(tools, http_503, timeout): of these kinds only
availability(valid) >= 99%        1 − error rate
status(tools, 503) > 1%           share of arrivals with this status
count(bad_input, accepted) == 0   bad arrivals of one kind, an absolute number
metric(realtime, name{l="v"}) > 900      sum over the pods; rate(…) per second; increase(…) since the phase began
ratio(realtime, drops, messages + drops) < 1%    growth of one counter per growth of others
quantile(0.95, inference, service_latency_histogram) > 500ms     from a histogram's buckets
health(tool-service) == failing   or ok
logs(inference, "timeout") > 0    lines that match (a regular expression, case ignored) since the phase began;
                                  log_rate(…) per second
breaker(api-gateway, tools) == open      or closed
prom('sum(rate(requests_total{status="503"}[10s]))') > 5     a PromQL expression; what is in single quotes is as written

The functions are the registered measures; each parses its own arguments, comparison and value.
"""

from __future__ import annotations

import re

from harness.measures.base import Condition, Measure
from harness.measures.source import Source, condition_error
from harness.registry import Family

_CONDITION = re.compile(
    r"^\s*(?P<function>[a-z_]+(\d+(\.\d+)?)?)\s*\((?P<args>.*)\)\s*(?P<op><=|>=|==|!=|<|>)\s*(?P<value>\S+)\s*$", re.S
)
_ARGUMENT = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^,{"]|\{[^}]*\})+)\s*(?:,|$)""")
_NUMBER = re.compile(r"\d.*$")
_MEASURES: Family[type[Measure]] = Family("measures")


def parse(text: str) -> Condition:
    """The condition that a text spells.

    Raises ConditionError, which names the text, what is wrong with it and what would be right.
    """
    match = _CONDITION.match(text)
    if not match:
        raise condition_error(text, "it is not `function(arguments) comparison value`")
    args = _arguments(text, match["args"])
    measure = measure_named(match["function"])
    if measure is None:
        known = ", ".join(sorted(_MEASURES.names(), key=lambda name: (name.islower(), name)))
        raise condition_error(text, f"there is no `{match['function']}`; known are {known}")
    return measure.parse(Source(text.strip(), match["function"], args, match["op"], match["value"]))


def measure_named(function: str) -> type[Measure] | None:
    """The measure with this function; None when no installed package registers one.

    A number at the end belongs to the condition: `p95` is registered as `pNN`.
    """
    name = _NUMBER.sub("NN", function)
    if name not in _MEASURES and _MEASURES.names():
        return None
    return _MEASURES.load(name)


def _arguments(text: str, source: str) -> tuple[str, ...]:
    found: list[str] = []
    position = 0
    while position < len(source):
        match = _ARGUMENT.match(source, position)
        if not match or match.end() == position:
            raise condition_error(text, f"cannot read the arguments `{source}`")
        argument = match[1].strip()
        found.append(_unquoted(argument))
        position = match.end()
    if not all(found):
        raise condition_error(text, "an argument is empty")
    return tuple(found)


def _unquoted(argument: str) -> str:
    """An argument without its quotes; within double quotes a backslash escapes a quote and a backslash."""
    if argument.startswith("'") and argument.endswith("'") and len(argument) > 1:
        return argument[1:-1]
    return re.sub(r"\\(.)", _unescaped, argument[1:-1]) if argument.startswith('"') else argument


def _unescaped(match: re.Match[str]) -> str:
    return match[1] if match[1] in '"\\' else match[0]
