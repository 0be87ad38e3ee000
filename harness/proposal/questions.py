"""The questions of a proposal: what a person has to decide, with the options."""

from __future__ import annotations

from collections.abc import Sequence

from harness.proposal.causes import likely
from harness.proposal.choices import Choices, listed
from harness.proposal.draft import TODO, Key


def required_keys(choices: Choices, scenario: str | None, words: str) -> tuple[Key, ...]:
    """The keys that every runbook needs, with a question for each that a person has to decide.

    `scenario` is the one that the runbook has; None: it is open. `words` is the text that says what happens in it.
    """
    series = next(iter(choices.scenarios.get(scenario or "", ())), None)
    return (
        _open("scenario", scenario, f"which load is there in the incident? {_scenarios(choices)}"),
        _open("service", choices.only_service, f"which one receives the load? One of {listed(choices.services)}"),
        _open("series", series, f"which load series is judged? {_series(choices)}"),
        _open("fault", None, f"what causes the incident? {_faults(choices, words)}"),
        _open("slos", None, f"what has to recover? {_slos(choices)}"),
    )


def _open(name: str, value: str | None, question: str) -> Key:
    return Key(name, value, () if value else (f"{TODO} {name}: {question}",))


def _scenarios(choices: Choices) -> str:
    file = "a Python file beside this one"
    if choices.own_scenarios:
        return f"One of {listed(choices.scenarios)} under `loads`, or {file}"
    if choices.own_services or choices.named_only:
        return f"A name under `loads`, such as `NAME: {{rate: 50, requests: [GET /path]}}`, or {file}"
    return f"{listed(choices.scenarios)} (shipped), or {file}"


def _series(choices: Choices) -> str:
    known = [f"{name} has {', '.join(series)}" for name, series in choices.scenarios.items() if series]
    return "; ".join(known) or "One that the scenario has; that of a load has its name"


def _faults(choices: Choices, words: str) -> str:
    known = f"; known: {listed(choices.faults)}" if choices.faults else ""
    first = likely(words, choices.fault_kinds)
    suggested = f"kinds that its words suggest: {listed(first)}; other " if first else ""
    kinds = f"{suggested}kinds: {listed(kind for kind in choices.fault_kinds if kind not in first)}"
    return f"A name under `faults`, of a list such as `- {{at: SERVICE, fault: KIND}}`{known}; {kinds}"


def _slos(choices: Choices) -> str:
    known = f"; known: {listed(choices.slos)}" if choices.slos else ""
    return f"`[NAME, …]`: lines under `slos`, such as `available: availability(SERIES) > 99%`{known}"


def toggle_question(toggles: Sequence[Key], choices: Choices) -> str:
    """The question about toggles whose Deployment is open; "" without any."""
    about = "without one it is set on the runbook's service"
    known = listed(choices.services)
    undecided = any(key.value is None for key in toggles)
    return f"{TODO} toggles: which Deployment reads each? One of {known}; {about}" if undecided else ""


def services_question(choices: Choices) -> str:
    """The question about services that the commands name and nothing describes; "" without any."""
    if not choices.named_only:
        return ""
    names, fix = listed(choices.services), "`gameday discover compose.yaml --write` proposes them"
    return f"{TODO} services: the commands name {names}: describe them under `services`; {fix}"
