"""Classifies headings: a section of a runbook, a part of the document, or the beginning of a runbook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from harness.runbook.synonyms import Kind, bare, plain, section_kind

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
_ADMONITION = re.compile(r"(note|warning|important|caution|danger|tip|info|hint|attention|fixme|todo|example)s?", re.I)


@lru_cache(maxsize=4096)
def part_kind(heading: str) -> Kind | None:
    """The part of the document that a heading outside of runbooks begins, or None."""
    for text in (heading.strip().lower(), plain(heading)):
        for kind, pattern in _PARTS.items():
            if re.fullmatch(pattern, text):
                return kind
    return None


@lru_cache(maxsize=4096)
def is_admonition(text: str) -> bool:
    """Whether `text` is the label of a note to the reader, such as WARNING."""
    return bool(_ADMONITION.fullmatch(text))


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


@lru_cache(maxsize=4096)
def entry_name(heading: str) -> EntryName | None:
    """The name in a heading with an id in capitals, as in "TIMEOUT: Service Timeout Handling"; None without one."""
    text = bare(heading).replace("`", "")
    rest = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
    for pattern, form in _FORMS:
        match = re.fullmatch(pattern, rest)
        if match and _is_id(match["id"]):
            sure = rest != text or "_" in match["id"]
            return EntryName(match["id"], match["title"].strip(), Form.SURE if sure else form)
    return None


def _is_id(text: str) -> bool:
    known = is_admonition(text) or section_kind(text) or part_kind(text) or _NO_ID.fullmatch(text)
    return not known and len(re.findall("[A-Z]", text)) > 1


def derived_name(heading: str) -> EntryName:
    """The name of a runbook whose heading has no id; the id is made from the heading ("Disk full" is DISK_FULL).

    The name of an alert (KubeAPIDown) is the id as it is.
    """
    text = bare(heading).replace("`", "")
    title = re.sub(r"\s+(runbook|playbook)$", "", _LEAD.sub("", text, count=1), flags=re.I) or text
    id_ = alert_name(title) or "_".join(re.findall(r"[^\W_]+", title)).upper()
    return EntryName(id_ or "RUNBOOK", title, Form.POSSIBLE)


_ALERT = re.compile(
    r"(?:(?:alert|alarm)(?:\s*name)?\s*[:–—-]?\s*)?(?P<name>[A-Za-z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*)(?:\s+(?:alert|alarm))?",
    re.I,
)
_HUMP = re.compile(r"[a-z0-9][A-Z]")


def alert_name(text: str) -> str:
    """The name of an alert in CamelCase, if a text is nothing else; "" otherwise."""
    found = _ALERT.fullmatch(text.strip())
    return found["name"] if found and _HUMP.search(found["name"]) else ""
