"""The sections of a runbook with the names that documents give them: how each is parsed, what its steps are for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from harness.model import Role


class Kind(StrEnum):
    """The kind of content under a heading."""

    SYMPTOMS = "symptoms"
    ACTIONS = "actions"
    COMMANDS = "commands"
    TOGGLES = "toggles"
    DASHBOARDS = "dashboards"
    EXPLANATION = "explanation"
    RUNBOOKS = "runbooks"
    GENERAL = "general"
    ALERTS = "alerts"
    ESCALATION = "escalation"
    POST_INCIDENT = "post-incident"
    PROSE = "prose"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Name:
    """A section: `names` match a whole heading, `words` one of its words, where the document is itself a runbook."""

    name: str
    kind: Kind
    role: Role
    names: str
    words: str = ""


SECTIONS = (
    Name(
        "Symptoms",
        Kind.SYMPTOMS,
        Role.UNKNOWN,
        r"symptoms?|(warning )?signs?|detection|indicators?|indications?|manifestations?|observations?"
        r"|how to (detect|recogni[sz]e|spot)( it| this)?|what it looks like"
        r"|what you('ll| will| may| might)? (see|notice)",
    ),
    Name(
        "Immediate Actions",
        Kind.ACTIONS,
        Role.UNKNOWN,
        r"actions?|((first|immediate|initial|urgent|quick) )+(action|step|response|aid|measure)s?"
        r"|what to do( first| now)?|first things?( first)?",
    ),
    Name(
        "Diagnosis",
        Kind.ACTIONS,
        Role.DIAGNOSE,
        r"((first|immediate|initial|quick) )?(diagnos(is|tics?)|triage|investigat(ion|e)|assessment)( (step|check)s?)?"
        r"|((first|immediate|initial|urgent|quick) )*checks?|what to check( first| now)?",
        r"diagnos\w*|triag\w*|investigat\w*|debug\w*|troubleshoot\w*|checks?|checking|analy[sz]\w*|inspect\w*|identify\w*"
        r"|root cause|logs?|logging",
    ),
    Name(
        "Verification",
        Kind.COMMANDS,
        Role.VERIFY,
        r"(post-?(fix|check|deployment|change) )?(verif(y|ication)|validat(e|ion)|confirm(ation)?)( (step|check)s?)?"
        r"|(verify|validate|confirm|check) (the )?(fix|recovery|resolution|result|success)|success criteria"
        r"|expected result",
        r"verif\w*|validat\w*|confirm\w*",
    ),
    Name(
        "Rollback",
        Kind.COMMANDS,
        Role.ROLL_BACK,
        r"(roll ?-?back|back-?out|undo|revert)( (plan|step|procedure|command)s?)?|(how to )?(roll back|back out"
        r"|revert|undo)",
        r"roll(ing)?[ -]?backs?|back-?out|undo|revert\w*",
    ),
    Name(
        "Escalation",
        Kind.ESCALATION,
        Role.ESCALATE,
        r"escalat(ion|e|ing)( (path|polic(y|ies)|procedure|contact|matrix|criteria|step)s?)?|(when"
        r"|who) to (escalate|contact|call)( to)?"
        r"|(support|on-?call) contacts|contacts?( information)?|getting help|need help",
        r"escalat\w*",
    ),
    Name(
        "Commands",
        Kind.COMMANDS,
        Role.UNKNOWN,
        r"(shell |cli |bash )?commands?|cli|steps?|procedures?",
    ),
    Name(
        "Mitigation",
        Kind.COMMANDS,
        Role.CHANGE,
        r"solutions?|work-?arounds?|repairs?|fix(es)?"
        r"|(mitigations?|resolutions?|remediations?|recovery|corrective|repair|fix)( (step|action|command"
        r"|procedure)s?)?"
        r"|how to (fix|resolve|recover|mitigate)( it| this)?",
        r"mitigat\w*|resolution|resolv\w*|remed\w*|recover\w*|fix\w*|work-?arounds?|solutions?|solv\w*|repair\w*|restor\w*|restart\w*",
    ),
    Name(
        "Environment Toggles",
        Kind.TOGGLES,
        Role.CHANGE,
        r"((environment(al)?|env|config(uration)?|feature|runtime) )?"
        r"(toggles?|variables?|vars?|flags?|settings?|switches|knobs|tunables?|overrides|parameters)"
        r"|environment|env|config(uration)?( changes?)?|tuning",
    ),
    Name(
        "Dashboards",
        Kind.DASHBOARDS,
        Role.UNKNOWN,
        r"(monitoring |grafana )?dashboards?|monitoring( links?)?|metrics?|observability|graphs?|charts"
        r"|panels|telemetry|where to look",
    ),
    Name(
        "Meaning",
        Kind.EXPLANATION,
        Role.UNKNOWN,
        r"meaning|(alert )?(description|definition|summary|details?)|(about|understanding) (the|this) alert"
        r"|what (does )?(this|the) (alert )?means?"
        r"|what (is|does) this( alert)?( mean)?|summary|overview|introduction|about|purpose|scope"
        r"|(alert )?(expression|rule|query)",
    ),
    Name(
        "Impact",
        Kind.EXPLANATION,
        Role.UNKNOWN,
        r"((user|customer|service|business|potential) )*impacts?( assessment)?|severity|effects?",
    ),
    Name(
        "Background",
        Kind.EXPLANATION,
        Role.UNKNOWN,
        r"((full )?context|background|reasons?|((possible|potential|probable|common|likely|root) )*causes?|why"
        r"|how it works|architecture)( information)?"
        r"|glossary|(version |revision |document |change ?)?(history|log)|examples?|(sample|example) (output"
        r"|session)s?",
    ),
    Name(
        "References",
        Kind.EXPLANATION,
        Role.UNKNOWN,
        r"references?|((useful|related|external|helpful) )*(links?|docs?|documentation|resources|alerts|runbooks"
        r"|issues|reading|information)"
        r"|(further|additional) (reading|information|resources|documentation)|see also|more information|related"
        r"|appendix|bibliography",
    ),
)
"""The first section that matches a heading is its section."""


_FILLER = re.compile(
    r"^(common|possible|typical|key|main|observed|useful|relevant|related|recommended|documented|potential) "
)
_PURPOSE = re.compile(
    r" (to (check|run|use|try|watch|change|adjust|take|look at|execute|flip|set|monitor)|if needed)\b.*$"
)
_ONLY_IN_DOCUMENTS = ("Rollback", "Escalation", "Meaning", "Impact", "Background", "References")
"""Sections of a document that is a runbook. In a runbook with an id, such a heading is within another section."""


@lru_cache(maxsize=4096)
def section_named(heading: str) -> Name | None:
    """The section that a heading begins in any runbook, or None."""
    text = _PURPOSE.sub("", _FILLER.sub("", plain(heading)))
    return _matching(text, lambda each: each.name not in _ONLY_IN_DOCUMENTS)


@lru_cache(maxsize=4096)
def section_of_document(heading: str) -> Name | None:
    """The section that a heading begins in a document that is itself a runbook, by its whole text; or None."""
    return section_named(heading) or _matching(_FILLER.sub("", plain(heading)), lambda _: True)


@lru_cache(maxsize=4096)
def section_like(heading: str) -> Name | None:
    """The section that a heading begins in a document that is itself a runbook, by its whole text or by a word."""
    return section_of_document(heading) or _with_word(plain(heading))


def section_kind(heading: str) -> Kind | None:
    """The kind of runbook section that a heading begins, or None."""
    found = section_named(heading)
    return found.kind if found else None


def _matching(text: str, wanted: Callable[[Name], bool]) -> Name | None:
    for part in re.split(r"\s*(?:&|/|,|\band\b)\s*", text):
        for each in SECTIONS:
            if wanted(each) and _whole(each.names).fullmatch(part):
                return each
    return None


def _with_word(text: str) -> Name | None:
    return next((each for each in SECTIONS if each.words and _word(each.words).search(text)), None)


@cache
def _whole(names: str) -> re.Pattern[str]:
    return re.compile(names)


@cache
def _word(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


def plain(heading: str) -> str:
    """The heading in lower case, without numbering, decoration, final colon and final parenthesis."""
    text = re.sub(r"\s*\([^()]*\)\s*$", "", bare(heading))
    return " ".join(text.replace("`", "").replace("’", "'").strip(" :.-–—").lower().split())


def bare(heading: str) -> str:
    """The heading without numbering, leading decoration and an anchor."""
    text = re.sub(r"\s*\{#[\w-]+\}\s*$", "", heading)
    text = re.sub(r"^\s*(?:\(?(?:\d+(?:\.\d+)*|[a-z])[.)]\s+|\d+(?:\.\d+)+\s+)", "", text)
    return re.sub(r"^[^\w\[(`<]+", "", text).strip()
