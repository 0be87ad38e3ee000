"""Parses the sections of a runbook: symptoms, actions, commands and dashboards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.model import Action, Command, Dashboard, Part, Symptom, Unread
from harness.runbook.blocks import Block, Code, Heading, Paragraph
from harness.runbook.items import PROSE, each, is_item, unread
from harness.runbook.programs import looks_typed
from harness.runbook.promql import is_expression, metric_names
from harness.runbook.shell import commands, inline, title_of

_SYSTEM = (
    r"grafana|prometheus|jaeger|kibana|datadog|splunk|loki|tempo|zipkin|new ?relic|cloudwatch|elastic(?:search)?"
    r"|graylog|honeycomb|sentry|dynatrace|alertmanager|thanos|opensearch|stackdriver|appdynamics|instana|lightstep|pagerduty"
)
_NAMED = re.compile(r"(?P<system>[A-Za-z][\w .]{0,40}?)\s*(?::(?!//)|\s[–—|-]|→|->)\s*(?P<name>\S.*)")
_KIND_OF_VIEW = re.compile(r"\s+(dashboards?|metrics?|traces?|quer(y|ies)|panels?|boards?|logs?)$", re.I)


def symptoms(blocks: Sequence[Block]) -> Iterator[Part]:
    """Every item is a symptom."""
    yield from each(blocks, lambda paragraph: [Symptom(paragraph.line, paragraph.text)], "symptoms")


def actions(blocks: Sequence[Block]) -> Iterator[Part]:
    """Every item is an action, with the code in it or below it as its commands. A standalone block is commands."""
    done: list[Part] = []
    now: Action | None = None
    for block in blocks:
        own = _led_to(block, now) if now else None
        if now and own is not None:
            now = replace(now, commands=now.commands + tuple(part for part in own if isinstance(part, Command)))
            done += [part for part in own if isinstance(part, Unread)]
            continue
        done += [now] if now else []
        found = list(_actions(block))
        now = next((part for part in reversed(found) if isinstance(part, Action)), None)
        done += [part for part in found if part is not now]
    yield from map(_settled, [*done, now] if now else done)


@dataclass(frozen=True)
class _HeadingOnly(Action):
    """A heading among actions, which is an action if a block of commands follows."""


def _actions(block: Block) -> Iterator[Part]:
    if isinstance(block, Heading):
        yield _HeadingOnly(block.line, block.text)
    elif isinstance(block, Code):
        yield from commands(block)
    elif (
        isinstance(block, Paragraph) and not is_item(block) and any(isinstance(part, Command) for part in inline(block))
    ):
        yield from _action(block)
    else:
        yield from each([block], _action, "actions")


def _settled(part: Part) -> Part:
    if isinstance(part, _HeadingOnly):
        return Action(part.line, part.text, part.commands) if part.commands else Unread(part.line, part.text, PROSE)
    return part


def _led_to(block: Block, action: Action) -> list[Command | Unread] | None:
    """The commands of a block that belongs to the action above it; None when it does not belong to it."""
    if isinstance(block, Code) and (block.depth or action.text.endswith(":") or isinstance(action, _HeadingOnly)):
        return list(commands(block))
    return list(inline(block)) if isinstance(block, Paragraph) and block.depth and _only_code(block) else None


def _only_code(paragraph: Paragraph) -> bool:
    """Whether a paragraph consists of commands only."""
    found = list(inline(paragraph))
    return bool(found) and not title_of(paragraph, found)


def _action(paragraph: Paragraph) -> Iterator[Part]:
    found = list(inline(paragraph))
    yield Action(paragraph.line, paragraph.text, tuple(part for part in found if isinstance(part, Command)))
    yield from (part for part in found if not isinstance(part, Command))


def steps(blocks: Sequence[Block]) -> Iterator[Part]:
    """Blocks of commands, titled by the paragraph before them. An item without a command is an action for a person."""
    lead: Paragraph | Heading | None = None
    for block in blocks:
        if isinstance(block, Code):
            yield from _titled(block, lead)
            lead = None
            continue
        if lead:
            yield _untitled(lead)
            lead = None
        found = list(inline(block)) if isinstance(block, Paragraph) else []
        if isinstance(block, Paragraph) and found:
            title = title_of(block, found)
            yield from (replace(part, title=title) if isinstance(part, Command) else part for part in found)
        elif isinstance(block, Paragraph) and block.quoted and block.text:
            yield unread(block, PROSE)
        elif isinstance(block, Paragraph | Heading) and looks_typed(block.text):
            yield unread(block, "it looks like a command, but is not in a block or in backticks: not run")
        elif isinstance(block, Paragraph | Heading):
            lead = block if block.text else None
        else:
            yield from each([block], _step_in_row, "commands")
    if lead:
        yield _untitled(lead)


def _step_in_row(paragraph: Paragraph) -> Iterator[Part]:
    found = list(inline(paragraph))
    title = title_of(paragraph, found).strip(" |:")
    yield from (replace(part, title=title) if isinstance(part, Command) else part for part in found)
    if not found:
        yield Action(paragraph.line, paragraph.text)


def _titled(block: Code, lead: Paragraph | Heading | None) -> Iterator[Part]:
    title = lead.text.rstrip(" :") if lead else ""
    found = list(commands(block, title))
    if lead and not any(isinstance(part, Command) and part.title == title for part in found):
        yield _untitled(lead)
    yield from found


def prose(blocks: Sequence[Block]) -> Iterator[Part]:
    """Every block as text with nothing to run."""
    yield from (unread(block, PROSE) for block in blocks if not (isinstance(block, Paragraph) and not block.text))


def _untitled(lead: Paragraph | Heading) -> Part:
    if isinstance(lead, Paragraph) and lead.bullet:
        return Action(lead.line, lead.text)
    return unread(lead, PROSE)


def dashboards(blocks: Sequence[Block]) -> Iterator[Part]:
    """Every item is a dashboard and its system; the system can be named by a parent item."""
    system, depth = "", 0
    for block in blocks:
        if isinstance(block, Paragraph) and block.parent and re.fullmatch(_SYSTEM, block.text.strip("`: "), re.I):
            system, depth = block.text.strip("`: "), block.depth
            continue
        if block.depth <= depth:
            system, depth = "", 0
        yield from each([block], lambda paragraph, system=system: _dashboards(paragraph, system), "dashboards")  # type: ignore[misc]


def _dashboards(paragraph: Paragraph, system: str) -> Iterator[Part]:
    """One dashboard, or one for each name in code if an item lists several."""
    text = re.sub(r"\[([^\]]+)\]\(([^)]*)\)", r"\1", paragraph.text)
    named = None if system else _NAMED.fullmatch(text)
    known = re.search(rf"\b({_SYSTEM})\b", text, re.I)
    if named:
        system, name = _KIND_OF_VIEW.sub("", named["system"]), named["name"]
    else:
        name = re.sub(rf"\s*(\((?:{_SYSTEM})\)|\b(?:in|on|at) (?:{_SYSTEM})\b)", "", text, flags=re.I)
        system = system or (known[0] if known else "")
    for each_name in _names(name):
        names = metric_names(each_name) if system.casefold() == "prometheus" and is_expression(each_name) else ()
        for metric in names or (each_name,):
            yield Dashboard(paragraph.line, paragraph.text, system, metric)


def _names(name: str) -> list[str]:
    codes = re.findall(r"`([^`]+)`", name)
    only_codes = not re.sub(r"`[^`]+`|[,;&\s]|\band\b", "", name)
    return codes if only_codes and codes else [name.replace("`", "").strip()]
