"""Classifies headings: a section of a runbook, a part of the document, or the beginning of a runbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum


class Kind(StrEnum):
    """The kind of content under a heading."""

    SYMPTOMS = "symptoms"
    ACTIONS = "actions"
    COMMANDS = "commands"
    TOGGLES = "toggles"
    DASHBOARDS = "dashboards"
    RUNBOOKS = "runbooks"
    GENERAL = "general"
    ALERTS = "alerts"
    ESCALATION = "escalation"
    POST_INCIDENT = "post-incident"
    PROSE = "prose"
    UNKNOWN = "unknown"


_SECTIONS = {
    Kind.SYMPTOMS: r"symptoms?|(warning )?signs?|detection|indicators?|indications?|manifestations?|observations?"
    r"|how to (detect|recogni[sz]e|spot)( it| this)?|what it looks like"
    r"|what you('ll| will| may| might)? (see|notice)",
    Kind.ACTIONS: r"actions?|((first|immediate|initial|urgent|quick) )+(action|step|response|check|aid|measure)s?"
    r"|((first|immediate|initial|quick) )?(diagnos(is|tics?)|triage|investigat(ion|e)|assessment)( (step|check)s?)?"
    r"|checks?|what to (do|check)( first| now)?|first things?( first)?",
    Kind.COMMANDS: r"(shell |cli |bash )?commands?|cli|steps?|procedures?|solutions?|work-?arounds?|repairs?|fix(es)?"
    r"|(mitigations?|resolutions?|remediations?|recovery|corrective|repair|fix)( (step|action|command|procedure)s?)?"
    r"|how to (fix|resolve|recover|mitigate)( it| this)?",
    Kind.TOGGLES: r"((environment(al)?|env|config(uration)?|feature|runtime) )?"
    r"(toggles?|variables?|vars?|flags?|settings?|switches|knobs|tunables?|overrides|parameters)"
    r"|environment|env|config(uration)?( changes?)?|tuning",
    Kind.DASHBOARDS: r"(monitoring |grafana )?dashboards?|monitoring( links?)?|metrics?|observability|graphs?|charts"
    r"|panels|telemetry|where to look",
}
_PARTS = {
    Kind.RUNBOOKS: r"((operational|operations|incident|service) )*(runbooks|playbooks)"
    r"|incident (classes|types|scenarios)",
    Kind.GENERAL: r"general\b.*|((common|useful|generic|other|additional) )*(troubleshooting|diagnostic)"
    r"( (command|step|check)s?)?|(common|useful|generic|other|additional) (commands|checks)|cheat ?sheet",
    Kind.ALERTS: r"(\w+ )?alerts?( (response|handling|procedures?|levels?|priorities|severities))*"
    r"|(incident|on-?call) response( procedures?)?|severity levels|priorities"
    r"|(.*\W)?(p[0-5]|sev(erity)?[ -]?\d)(\W.*)?",
    Kind.ESCALATION: r"(.*\W)?escalations?(\W.*)?|((support|escalation) )?(level|tier) ?\d\b.*|l\d\b.*"
    r"|on-?call contacts",
    Kind.POST_INCIDENT: r"(post|after)[- ]?((the|an) )?(incidents?|mortems?|event)\b.*|lessons learned"
    r"|follow-?ups?( actions?)?",
    Kind.PROSE: r"overview|introduction|about|purpose|scope|background|(table of )?contents|references|glossary"
    r"|prerequisites|requirements|contacts?|change ?log|(version|revision|document)? ?history|notes?|summary|faq|todo"
    r"|readme|license|related|description|usage|architecture|slos?|slas?|appendix",
}
_FILLER = re.compile(r"^(common|possible|typical|key|main|observed|useful|relevant|related|recommended|documented) ")
_PURPOSE = re.compile(
    r" (to (check|run|use|try|watch|change|adjust|take|look at|execute|flip|set|monitor)|if needed)\b.*$"
)
_ADMONITION = re.compile(r"(note|warning|important|caution|danger|tip|info|hint|attention|fixme|todo|example)s?", re.I)


def section_kind(heading: str) -> Kind | None:
    """The kind of runbook section that a heading begins, or None."""
    text = _PURPOSE.sub("", _FILLER.sub("", _plain(heading)))
    for part in re.split(r"\s*(?:&|/|,|\band\b)\s*", text):
        for kind, pattern in _SECTIONS.items():
            if re.fullmatch(pattern, part):
                return kind
    return None


def part_kind(heading: str) -> Kind | None:
    """The part of the document that a heading outside of runbooks begins, or None."""
    for text in (heading.strip().lower(), _plain(heading)):
        for kind, pattern in _PARTS.items():
            if re.fullmatch(pattern, text):
                return kind
    return None


def is_admonition(text: str) -> bool:
    """Whether `text` is the label of a note to the reader, such as WARNING."""
    return bool(_ADMONITION.fullmatch(text))


def _plain(heading: str) -> str:
    """The heading in lower case, without numbering, decoration, final colon and final parenthesis."""
    text = re.sub(r"\s*\([^()]*\)\s*$", "", _bare(heading))
    return " ".join(text.replace("`", "").replace("’", "'").strip(" :.-–—").lower().split())


def _bare(heading: str) -> str:
    """The heading without numbering, leading decoration and an anchor."""
    text = re.sub(r"\s*\{#[\w-]+\}\s*$", "", heading)
    text = re.sub(r"^\s*(?:\(?(?:\d+(?:\.\d+)*|[a-z])[.)]\s+|\d+(?:\.\d+)+\s+)", "", text)
    return re.sub(r"^[^\w\[(`<]+", "", text).strip()


class Form(Enum):
    """How certain it is that a heading of this form begins a runbook."""

    SURE = "always a runbook"
    LIKELY = "a runbook if it is among runbooks"
    POSSIBLE = "a runbook if symptoms follow"


@dataclass(frozen=True)
class EntryName:
    """The id and title of a runbook, and the form of the heading that states them."""

    id: str
    title: str
    form: Form


_ID = r"(?P<id>[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*)"
_LEAD = re.compile(
    r"(operational |incident )?(runbook|playbook|incident|scenario|entry)(\s*#?\d+)?\s*([:–—-]\s*|\s)", re.I
)
_FORMS = (
    (rf"[\[(<]{_ID}[\])>]\s*[:–—-]?\s*(?P<title>.+)", Form.SURE),
    (rf"{_ID}\s*(?::|\s[–—|/-]|–|—|->|→)\s*(?P<title>.*)", Form.SURE),
    (rf"{_ID}\s*[(\[](?P<title>[^()\[\]]+)[)\]]", Form.SURE),
    (rf"(?P<title>.+?)\s*[(\[]{_ID}[)\]]", Form.LIKELY),
    (rf"{_ID}(?P<title>)", Form.LIKELY),
    (rf"{_ID}\s+(?P<title>\S.*)", Form.POSSIBLE),
)
_NO_ID = re.compile(r"P\d+|SEV-?\d*|L\d+|S\d+|V\d+|LEVEL.*|TIER.*|STEP.*|PHASE.*")


def entry_name(heading: str) -> EntryName | None:
    """The name in a heading with an id in capitals, as in "TIMEOUT: Service Timeout Handling"; None without one."""
    bare = _bare(heading).replace("`", "")
    rest = _LEAD.sub("", bare, count=1) if _LEAD.match(bare) else bare
    for pattern, form in _FORMS:
        match = re.fullmatch(pattern, rest)
        if match and _is_id(match["id"]):
            sure = rest != bare or "_" in match["id"]
            return EntryName(match["id"], match["title"].strip(), Form.SURE if sure else form)
    return None


def _is_id(text: str) -> bool:
    known = is_admonition(text) or section_kind(text) or part_kind(text) or _NO_ID.fullmatch(text)
    return not known and len(re.findall("[A-Z]", text)) > 1


def derived_name(heading: str) -> EntryName:
    """The name of a runbook whose heading has no id; the id is made from the heading ("Disk full" is DISK_FULL)."""
    bare = _bare(heading).replace("`", "")
    title = re.sub(r"\s+(runbook|playbook)$", "", _LEAD.sub("", bare, count=1), flags=re.I) or bare
    id_ = "_".join(re.findall(r"[A-Za-z0-9]+", title)).upper()
    return EntryName(id_ or "RUNBOOK", title, Form.POSSIBLE)
