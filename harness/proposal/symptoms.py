"""Proposes a condition from the words of a symptom: health, HTTP status, timeouts, error rate, metrics, log texts.

A condition that follows from the words is proposed without a question. Where a limit or a text had to be assumed, the
question is beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from harness.conditions import parse
from harness.errors import ConditionError

_SERVICE, _SERIES = "SERVICE", "SERIES"
_HEALTH = re.compile(
    r"\b(?:health|readiness|liveness)[\s-]*(?:checks?|probes?|endpoints?)?\b.{0,30}\b(?:fail\w*|unhealthy|down|red|bad|"
    r"(?:not|doesn't|does not|no longer) (?:respond\w*|answer\w*|pass\w*))|\bunhealthy\b|\bnot ready\b|\bcrash\s?loop",
    re.I,
)
_STATUS = re.compile(
    r"\b(?:http|status|code|error|response|return\w*)s?\b.{0,30}?\b([45]\d\d)s?\b|\b([45]\d\d)s?\b.{0,30}?"
    r"\b(?:error|response|status|code|bad request|bad gateway|unavailable|gateway|internal|not found|too many)s?",
    re.I,
)
_ANY_5XX = re.compile(r"\b5\s?xx\b", re.I)
_TIMEOUTS = re.compile(
    r"\b(?:requests?|calls?|connections?|clients?|users?)\b.{0,30}\btim(?:e|ing)\s?-?outs?\b|\btimeouts?\b", re.I
)
_ERRORS = re.compile(r"\b(?:error[ -]?rates?|errors|failures|failed requests)\b", re.I)
_LATENCY = re.compile(r"\bp(9\d)\b|\b(?:latency|latencies|slow\w*|response times?)\b", re.I)
_LOGS = re.compile(r"\blogs?\b|\blogged\b|\blog (?:lines?|messages?|entries)\b", re.I)
_QUOTED = re.compile(r"`([^`]+)`|\"([^\"]+)\"|“([^”]+)”|'([^']{4,})'")
_BEFORE_LOGS = re.compile(
    r"^\W*(?P<what>[\w -]{3,60}?)\s+(?:appear\w*\s+|visible\s+|show\w*\s+|seen\s+)?(?:in|to)\s+(?:the\s+)?"
    r"(?:[\w-]+\s+){0,3}?logs?\b",
    re.I,
)
_METRIC = re.compile(r"`?(?<![\w:])(?P<name>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?P<labels>\{[^}`]*\})?`?")
_LIMIT = re.compile(
    r"\s*(?:is|are|rises?|goes|stays)?\s*(?P<op>>=|<=|>|<|==|≥|≤|above|over|below|under|exceeds?)\s*(?P<value>\d+(?:\.\d+)?)(?![\d.]*\s*(?:%|[a-z]))",
    re.I,
)
_GROWS = re.compile(r"\b(?:increas\w*|grow\w*|ris\w*|spik\w*|climb\w*|high|activations?)\b", re.I)
_OPS = {"above": ">", "over": ">", "exceed": ">", "exceeds": ">", "below": "<", "under": "<", "≥": ">=", "≤": "<="}
_VAGUE = re.compile(
    r"\b(?:high|many|increased?|elevated|errors?|messages?|lines?|entries|the|a|an|of|for|frequent)\b", re.I
)


@dataclass(frozen=True)
class Proposal:
    """A condition for a symptom, or None, and a question to a person; "" where nothing was assumed."""

    condition: str | None
    question: str = ""


@dataclass(frozen=True)
class Subject:
    """What a symptom is about: the service and the load series of its runbook, None where they are not decided yet."""

    service: str | None
    series: str | None
    services: tuple[str, ...] = ()
    """The services that a symptom may name."""

    def of(self, text: str) -> str | None:
        """The service that a text names as a whole word, the longest one, else that of the runbook."""
        plain = re.sub(r"[\s_]+", "-", text.casefold())
        named = [name for name in self.services if re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", plain)]
        return max(named, key=len, default=self.service)


def propose(text: str, about: Subject) -> Proposal:
    """The condition that the words of a symptom suggest."""
    for form in _FORMS:
        for template, question in form(text):
            return _decided(template, question, about.of(text), about.series)
    return Proposal(None, "no condition follows from its words; forms: docs/reference/conditions.md")


def _decided(template: str, question: str, service: str | None, series: str | None) -> Proposal:
    """The template with its names filled in; without them it is a question."""
    if (_SERVICE in template and service is None) or (_SERIES in template and series is None):
        return Proposal(None, f"perhaps {template}" + (f"; {question}" if question else ""))
    condition = template.replace(_SERVICE, service or "").replace(_SERIES, series or "")
    try:
        parse(condition)
    except ConditionError:
        return Proposal(None, f"perhaps {condition}")
    return Proposal(condition, question)


def _health(text: str) -> Iterator[tuple[str, str]]:
    if _HEALTH.search(text):
        yield f"health({_SERVICE}) == failing", ""


def _logs(text: str) -> Iterator[tuple[str, str]]:
    if not _LOGS.search(text):
        return
    quoted = next((next(filter(None, found)) for found in _QUOTED.findall(text)), None)
    if quoted and not _METRIC.fullmatch(quoted):
        yield f'logs({_SERVICE}, "{_literal(quoted)}") > 0', ""
    before = _BEFORE_LOGS.search(text)
    what = re.sub(r"(?<=[a-z]{3})(?<!s)s$", "", " ".join(_VAGUE.sub(" ", before["what"]).split())) if before else ""
    if what:
        yield f'logs({_SERVICE}, "{_literal(what.lower())}") > 0', f"is `{what.lower()}` the text in the log?"


def _metric(text: str) -> Iterator[tuple[str, str]]:
    for found in _METRIC.finditer(text):
        selector, limit = found["name"] + (found["labels"] or ""), _LIMIT.match(text, found.end())
        if limit:
            op = _OPS.get(limit["op"].lower(), limit["op"])
            yield f"metric({_SERVICE}, {selector}) {op} {limit['value']}", ""
        elif found["name"].endswith("_total") and _GROWS.search(text):
            yield f"increase({_SERVICE}, {selector}) > 0", ""


def _status(text: str) -> Iterator[tuple[str, str]]:
    found = _STATUS.search(text)
    if found:
        yield f"status({_SERIES}, {found[1] or found[2]}) > 1%", "is 1% the right limit?"
    if _ANY_5XX.search(text):
        kinds = ", ".join(f"http_{code}" for code in (500, 502, 503, 504))
        yield f"error_rate({_SERIES}, {kinds}) > 1%", "is 1% the right limit?"


def _load(text: str) -> Iterator[tuple[str, str]]:
    if _TIMEOUTS.search(text):
        yield f"error_rate({_SERIES}, timeout) > 1%", "is 1% the right limit?"
    slow = _LATENCY.search(text)
    if slow:
        yield f"p{slow[1] or 95}({_SERIES}) > 500ms", "is 500ms the right limit?"
    if _ERRORS.search(text):
        yield f"error_rate({_SERIES}) > 1%", "is 1% the right limit?"


_FORMS: Iterable[Callable[[str], Iterator[tuple[str, str]]]] = (_metric, _logs, _health, _status, _load)
"""The surest first."""


def _literal(text: str) -> str:
    """A text as a regular expression inside of quotes."""
    escaped = re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", " ".join(text.split()))
    return escaped.replace('"', '\\"')
