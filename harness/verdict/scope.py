"""What the response did to services that the incident does not concern. Pure.

Every Deployment's health is sampled on both sides, and the requests of the bindings' probes are sent. An outage on the
treatment alone, of something that answered until the response began and that the fault does not act on, is the
response's own work.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from harness.measures.probe import health, request_key
from harness.measures.reading import PodSample
from harness.record.event import CONTROL, TREATMENT
from harness.record.steps import NOT_SET
from harness.verdict.response import Change, changes
from harness.verdict.state import DrillState

OUTAGE_S = 3.0
"""Shortest outage that counts, from its first sample to its last: a busy pod may miss two health checks in a row."""
PART_ALPHA = 0.01
"""Largest probability with which a probe that fails at random is said to have been broken in part."""
_HEALTH = re.compile(re.escape(health("NAME").key).replace("NAME", "(.+)"))
_REQUEST = re.compile(re.escape(request_key("NAME")).replace("NAME", "(.+)"))
_PROTECTION = re.compile(
    r"deployment/(?P<name>\S+) (?P<what>(?:liveness|readiness|startup)Probe|limits\.\S+) (?P<old>.+?) -> (?P<new>.+)"
)
_REPLICAS = re.compile(r"deployment/(?P<name>\S+) replicas (?P<old>\d+) -> (?P<new>\d+)")


@dataclass(frozen=True)
class Outage:
    """A time, caused by the response, in which no pod of a Deployment answered its health check, or in which all or
    some requests of a probe failed."""

    deployment: str
    """Its name; empty: it is an outage of a probe."""
    probe: str
    """Name of the probe; empty: it is an outage of a Deployment."""
    why: str
    """Why the first request of the probe failed."""
    begin_s: float
    """First sample without an answer, in seconds since the fault was active on the treatment."""
    seconds: float
    """From the first sample without an answer to the last: the outage was at least so long."""
    failed: int
    """Samples without an answer."""
    samples: int
    """All samples of this time; of a probe that failed in part, all after the response."""
    line: int | None
    """Line of the step that caused it; None: no step did."""
    step: str
    """Its text as written in the document, or the typed command that caused it; empty: nothing had changed anything."""
    last_line: int | None
    """Line of the last step that may have caused it: steps that follow each other at once cannot be distinguished."""


def outages(state: DrillState) -> tuple[Outage, ...]:
    """Return the outages that the response caused, in order of their begin."""
    found = [outage for key in _deployments(state) for outage in _outages_of(state, key)]
    for key in _requests(state):
        found += list(_outages_of(state, key)) or list(_partial_outage(state, key))
    return tuple(sorted(found, key=lambda outage: outage.begin_s))


def what(outage: Outage) -> str:
    """The outage in a few words, for a finding."""
    if outage.failed < outage.samples:
        return f"the probe `{outage.probe}` failed in {outage.failed} of {outage.samples} requests"
    subject = f"the probe `{outage.probe}`" if outage.probe else f"deployment/{outage.deployment}"
    return f"{subject} was down for {outage.seconds:.0f} s or more"


def show(outage: Outage) -> str:
    """The outage as a reason for the verdict."""
    several = f"by line {outage.line} or a step up to line {outage.last_line}: " if _several(outage) else ""
    where = "" if outage.line is None else several or f"line {outage.line}: "
    cause = f" ({where}`{outage.step}`)" if outage.step else ""
    if outage.failed < outage.samples:
        fact = f"the response broke the probe `{outage.probe}` in part{cause}"
        share = f"{outage.failed} of {outage.samples} requests failed after it ({outage.why})"
        return f"{fact}: {share}, none before it and on the control"
    if outage.probe:
        fact = f"the response broke the probe `{outage.probe}` for {outage.seconds:.0f} s or more{cause}"
        return f"{fact}: its requests failed ({outage.why}), on the control they did not"
    fact = f"the response made deployment/{outage.deployment} unavailable for {outage.seconds:.0f} s or more{cause}"
    return f"{fact}: none of its pods answered their health check, on the control they did"


def _several(outage: Outage) -> bool:
    return outage.line is not None and outage.last_line != outage.line


def weakened(state: DrillState) -> Iterator[str]:
    """Yield what the response left weaker than it was, as findings."""
    for each in changes(state.steps, state.response):
        where = each.text if each.line is None else f"line {each.line}"
        for change in each.changed:
            yield from (f"{where}: {text}" for text in (*_fewer_replicas(change), *_less_protected(change)))
    for key in _deployments(state):
        last = _samples(state, TREATMENT, key, state.phase_started_s["response"], _end(state))[-1:]
        left = f"deployment/{_name(key)} was left with"
        yield from (
            f"{left} {bad} of {len(sample.pods)} pods that do not answer their health check"
            for sample in last
            if 0 < (bad := round(sum(sample.pods.values()))) < len(sample.pods)
        )


def _fewer_replicas(change: str) -> Iterator[str]:
    match = _REPLICAS.fullmatch(change)
    if match and 0 < int(match["new"]) < int(match["old"]):  # a step that scales to 0 has a note of its own
        yield f"lowered the replicas of deployment/{match['name']} from {match['old']} to {match['new']}"


def _less_protected(change: str) -> Iterator[str]:
    match = _PROTECTION.fullmatch(change)
    if match is None or match["old"] == NOT_SET:
        return
    what = f"{match['what']} of deployment/{match['name']}"
    if match["new"] == NOT_SET:
        yield f"removed the {what}"
    elif match["what"].endswith("Probe"):
        old, new = (patience_s(match[side]) for side in ("old", "new"))
        if new > old:
            yield f"let the {what} fail for {new:g} s instead of {old:g} s before it counts"


def patience_s(probe: str) -> float:
    """Return how long a probe, as JSON, may fail before Kubernetes acts on it, in seconds, by its defaults."""

    def field(name: str, default: int) -> int:
        match = re.search(rf'"{name}":(\d{{1,9}})\b', probe)
        return int(match[1]) if match else default

    return float(field("failureThreshold", 3) * field("periodSeconds", 10))


def unguarded(state: DrillState) -> Iterator[str]:
    """Yield the probes that failed before the fault, as findings: they cannot show what the response breaks."""
    start, end = (state.phase_started_s.get(phase) for phase in ("baseline", "fault"))
    if start is None or end is None:
        return
    for key in sorted(key for key in state.sides[TREATMENT].probed() if _REQUEST.fullmatch(key)):
        before = [sample for side in (TREATMENT, CONTROL) for sample in _samples(state, side, key, start, end)]
        failed = sum(not _available(sample) for sample in before)
        if failed:
            reasons = (state.sides[side].request_failure(_name(key), start) for side in (TREATMENT, CONTROL))
            why = next(filter(None, reasons), "")
            fact = f"the probe `{_name(key)}` failed before the fault, in {failed} of {len(before)} samples ({why})"
            yield f"{fact}: it cannot show whether the response breaks it"


def _deployments(state: DrillState) -> list[str]:
    """The keys of the Deployments that only the response can have taken down: the fault does not act on them."""
    keys = sorted(key for key in state.sides[TREATMENT].probed() if _HEALTH.fullmatch(key))
    return [key for key in keys if _name(key) not in state.header.faulted and _undisturbed(state, key)]


def _requests(state: DrillState) -> list[str]:
    """The keys of the probes that only the response can have broken."""
    keys = sorted(key for key in state.sides[TREATMENT].probed() if _REQUEST.fullmatch(key))
    return [key for key in keys if _undisturbed(state, key)]


def _name(key: str) -> str:
    match = _HEALTH.fullmatch(key) or _REQUEST.fullmatch(key)
    return match[1] if match else key


def _undisturbed(state: DrillState, key: str) -> bool:
    """Whether it answered until the response began, and on the control all the time."""
    if "response" not in state.phase_started_s:
        return False
    before, control = _elsewhere(state, key)
    return bool(before and control) and all(map(_available, (*before, *control)))


def _elsewhere(state: DrillState, key: str) -> tuple[list[PodSample], list[PodSample]]:
    """The samples that the response cannot have affected: those before it, and those of the control."""
    response_s = state.phase_started_s["response"]
    start = state.phase_started_s.get("baseline", response_s)
    return _samples(state, TREATMENT, key, start, response_s), _samples(state, CONTROL, key, start, _end(state))


def _outages_of(state: DrillState, key: str) -> Iterator[Outage]:
    samples = _samples(state, TREATMENT, key, state.phase_started_s["response"], _end(state))
    good_s = state.phase_started_s["response"]
    for available, group in groupby(samples, key=_available):
        spell = list(group)
        if available:
            good_s = spell[-1].at_s
        if not available and spell[-1].at_s - spell[0].at_s >= OUTAGE_S:
            yield _outage(state, key, spell, good_s, len(spell))


def _partial_outage(state: DrillState, key: str) -> Iterator[Outage]:
    """Yield an outage if, after the response, requests failed too often for chance, and not for OUTAGE_S on end.

    Requests that fail one after the other are one event. If failing were as likely at any time, all k events would be
    among the n of N requests after the response with a probability of C(n, k) / C(N, k), the hypergeometric one.
    """
    response_s, ended_s = state.phase_started_s["response"], state.phase_ended_s.get("response")
    if ended_s is None:
        return
    after = _samples(state, TREATMENT, key, ended_s, _end(state))
    events = sum(not available for available, _ in groupby(after, key=_available))
    every = len(after) + sum(map(len, _elsewhere(state, key)))
    if events and math.comb(len(after), events) <= PART_ALPHA * math.comb(every, events):
        yield _outage(state, key, [each for each in after if not _available(each)], response_s, len(after))


def _outage(state: DrillState, key: str, failed: list[PodSample], good_s: float, samples: int) -> Outage:
    """The outage of failed samples, the last good one of which was before `good_s`."""
    deployment, probe = ("", _name(key)) if _REQUEST.fullmatch(key) else (_name(key), "")
    causes = _causes(state, deployment, good_s, failed[0].at_s)
    return Outage(
        deployment,
        probe,
        why=state.sides[TREATMENT].request_failure(probe, failed[0].at_s),
        begin_s=round(failed[0].at_s - state.applied_s(TREATMENT), 1),
        seconds=round(failed[-1].at_s - failed[0].at_s, 1),
        failed=len(failed),
        samples=samples,
        line=causes[0].line if causes else None,
        step=causes[0].text if causes else "",
        last_line=causes[-1].line if causes else None,
    )


def _causes(state: DrillState, name: str, good_s: float, begin_s: float) -> list[Change]:
    """The changes that may have caused an outage, in order: those that changed this Deployment, else those that changed
    anything, between the last good sample and the first bad one; where none did, the last one before."""
    changing = [each for each in changes(state.steps, state.response) if each.started_s <= begin_s]
    named = [each for each in changing if any(line.split()[0] == f"deployment/{name}" for line in each.changed)]
    relevant = named or changing
    return [each for each in relevant if each.ended_s > good_s] or relevant[-1:]


def _end(state: DrillState) -> float:
    """The begin of the reverts, which change the platform as well; the last sample if there were none yet."""
    ends = [state.phase_ended_s[name] for name in ("recovery", "control", "general") if name in state.phase_ended_s]
    return max(ends, default=state.sides[TREATMENT].last_probe_s)


def _samples(state: DrillState, side: str, key: str, start: float, end: float) -> list[PodSample]:
    return state.sides[side].samples(key, start, end)


def _available(sample: PodSample) -> bool:
    return any(value == 0.0 for value in sample.pods.values())
