"""Finds the words by which a document does not simply ask for a command: a warning, a fallback, an alternative, a past.

`around` judges a sentence with a command in it, `above` a text that introduces commands: a comment, heading or
paragraph. A condition on the service ("if P95 stays above 500 ms") is the incident itself and is none of these words;
a condition on the response ("if that does not help") is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

COMMAND = "\ue000"
"""Stands for a command in a sentence."""


class _Words:
    """A pattern that is compiled when a text has one of its `hints`: most texts of a document have none."""

    def __init__(self, patterns: tuple[str, ...], hints: str) -> None:
        self._patterns, self._hints = patterns, tuple(hints.split(",")) if hints else ()

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile("|".join(self._patterns), re.I)

    def search(self, text: str) -> re.Match[str] | None:
        """The first place of these words."""
        return self._compiled.search(text) if has_any(text, self._hints) else None


def has_any(text: str, hints: Iterable[str]) -> bool:
    """Whether one of these words, in lower case, is in a text. Most texts have none, so this saves most searches."""
    lower = text.lower()
    for hint in hints:  # noqa: SIM110  `any` takes twice as long, for every text of a document
        if hint in lower:
            return True
    return False


def _words(*patterns: str, hints: str) -> _Words:
    return _Words(patterns, hints)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.I)


_END = rf"\W*(?:$|[:(!,]|{COMMAND})"
_HARMLESS = r"(?:forget|hesitate|wait|delay|panic|worry|skip|omit|ignore|miss)"
_NOT = rf"(?:never(?!-)|do not|don't|dont|must not|mustn't)(?!\W+{_HARMLESS}\b)"
_BEGIN = (
    r"(?:^\W*(?:(?:warning|caution|danger|attention|important|note)\W+)?|[,:(!–—]\s*|\s-\s"
    r"|\b(?:and|or|but|then|so|please|also|just|you|we|one|must|should)\s+)"
)
_RUN = r"(?:run|use|execute|do|try|apply|issue|call|paste|copy)"
_DONE = r"(?:run|used(?! to)|executed|done|tried|applied|issued|called|attempted)"
_UNSAFE = (
    r"(?:not (?:\w+ )?(?:safe|allowed|permitted|recommended|supported|advis(?:ed|able)|a good idea)"
    r"|unsafe|dangerous|destructive|forbidden|prohibited|discouraged|deprecated|obsolete|outdated)"
)
_HELP = r"(?:help|fix|resolve|solve|suffice|improve|mitigate)"
_STEP = (
    r"(?:it|this|that|these|they|(?:everything|nothing|all)(?: else)?|all of (?:this|that|the above)"
    r"|(?:(?:the|a|an|any|your|our|this|that) )?(?:(?:above|previous|last|first|preceding|earlier) )?"
    r"(?:above|steps?(?: \d+)?|commands?|actions?|restart(?:ing)?|roll(?:out|back|ing back)|scaling(?: up| out)?"
    r"|fix|mitigation|work-?around|attempt|toggles?))"
)
_IF = r"\b(?:if|when|in case|once)"
_FALLBACK = _words(
    r"\b(?:only|except) (?:if|when|in case|as)\b",
    r"\bunless\b",
    r"\bif you (?:really |absolutely )?must\b",
    r"\blast resort\b",
    r"\b(?:as a|a) fallback\b",
    rf"^\W*(?:fallback|plan b){_END}",
    r"(?:^\W*|[,;(–—-] ?|\b(?:or|and|but) )(?:otherwise|else)\b",
    rf"(?:{_IF}|\bshould) {_STEP} (?:still )?(?:(?:has|have|had) )?fail(?:s|ed|ing)?\b",
    rf"{_IF} {_STEP} (?:\w+ )?(?:do|does|did|is|was|were|has|have)(?: not|n't) (?:been )?"
    rf"(?:{_HELP}|work|recover|succeed|enough|effective|sufficient|successful)",
    rf"{_IF}\b[^,.;:]*\b(?:do|does|did)(?: not|n't) (?:{_HELP}|recover|go away|come back)\b",
    rf"{_IF}\b[^,.;:]*\bstill\b",
    r"\bif nothing (?:else )?(?:helps|works)\b|\bif there is no improvement\b",
    rf"{_IF} (?:it|this|that|the (?:problem|issue|incident|errors?|symptoms?)) (?:persists?|continues?)\b",
    r"\bon failure\b|\bin case of (?:failure|problems|trouble)\b",
    rf"^\W*to (?:roll back|undo|revert)(?: (?:this|that|it|the changes?))?(?:{_END}|,| with| run| use)",
    hints=(
        "only,except,unless,must,resort,fallback,plan b,otherwise,else,fail,not,n't,still,nothing,"
        "improvement,persist,continue,trouble,problem,undo,revert,roll back"
    ),
)
_ALTERNATIVE = _any(
    r"^\W*or\b", r"^\W*(?:as an )?alternative(?:ly|s)?(?:\W*$|\W*[:,(]| run| use| do)", r"^\W*option [b-z2-9]\b"
)
_WARNING = _words(
    rf"{_BEGIN}(?:{_NOT}|avoid\b|refrain from|stop (?:using|running)|under no circumstances|in no case)",
    rf"^\W*(?:it|this|that|the following|these)(?: is| are|'s) (?:\w+ly )?{_UNSAFE}",
    rf"^\W*(?:{_UNSAFE}|danger)(?:{_END}| to\b)",
    rf"[(!–—]\s*{_UNSAFE}\W*$|[(!–—]\s*{_UNSAFE}[)!.,;:]",
    r"^\W*[❌🚫⛔]",
    rf"\b(?:must|should|may|shall|can) (?:not|never) be {_DONE}\b|\bnot to be {_DONE}\b",
    r"\bwhat not to do\b",
    hints=(
        "never,not,n't,dont,avoid,refrain,stop,circumstance,no case,unsafe,danger,destruct,forbid,"
        "prohibit,discourag,deprecat,obsolete,outdated,❌,🚫,⛔"
    ),
)
_DIRECT_WARNING = _words(
    rf"{_BEGIN}{_NOT},? (?:\w+,? )?{_RUN}(?: (?:this|that|it|these|those|them|any|the following)\b|[^\w{COMMAND}]*$)",
    rf"\b(?:must|should) (?:not|never) be {_DONE}\b",
    hints=("never,not,n't,dont"),
)
_PAST = _words(
    r"\b(?:was|were|has been|have been) (?:\w+ )?(?:tried|attempted)\b",
    r"\b(?:we|they|I) (?:\w+ )?(?:tried|attempted|ran|used to)\b",
    r"(?:^\W*|:\s*)(?:tried|attempted|ran)\b(?! (?:out|into)\b)",
    r"^\W*(?:formerly|historically|back then|(?:previously|last time|in the past)(?=\W*$|[:,]| (?:we|it|this|they)\b))",
    rf"\b(?:did not|didn't) {_HELP}\b",
    hints=("tried,attempt,ran,used to,formerly,histor,back then,previous,last time,past,not,n't"),
)
_BEHIND = _words(
    rf"^\W*(?:is|are|was|were|would be|will be) (?:\w+ly )?(?:{_UNSAFE}|no longer)",
    rf"^\W*(?:must|should|may|shall|can) (?:not|never) be {_DONE}\b|^\W*(?:is|are) (?:never|not) to be\b",
    rf"^\W*(?:was|were|has been|have been) (?:\w+ )?{_DONE}\b",
    r"^\W*no longer\b",
    r"\b(?:so|please) (?:never|don't|do not)\W*$",
    rf"^\W*(?:does|did|do)(?: not|n't) (?:{_HELP}|work)\b",
    rf"^\W*\(?(?:never|don't|do not|{_UNSAFE})\b(?=\W*(?:$|in\b|on\b|during\b|{_RUN}))",
    hints=(
        "never,not,n't,dont,unsafe,danger,destruct,forbid,prohibit,discourag,deprecat,obsolete,"
        "outdated,no longer,was,were,been"
    ),
)
_TRIED = _words(r"\b(?:was|were) (?:\w+ )?tried\b", r"\b(?:did not|didn't) (?:help|work)\b", hints="tried,not,n't")
_INSTEAD_OF = _words(
    r"(?:\binstead of|\brather than|\bin place of|\bas opposed to|,? (?:and |but )?not)"
    r"(?: \w+ing| with| by| via| the)?\W*$",
    hints=("instead,rather,place of,opposed,not"),
)
_OR = _any(r"^\W*(?:or|alternatively)\b")
_SUBORDINATE = _any(
    rf"^\W*(?:if|when(?:ever)?|while|once|because|since|as|where|until|in case|after|before|to|for|in order)\b"
    rf"[^,:{COMMAND}]*[,:]\s*"
)
_QUESTION = _any(r"\b(check|see|verify|test|find out|determine|confirm|know|learn|look|ask) (?:if|when)\b")
_CLAUSE = _any(
    r"\s*;\s*",
    r"\s+[–—]\s+",
    r",?\s+but\s+",
    r",\s+(?=(?:run|use|execute|try|prefer|instead|rather)\b)",
    r",?\s+and\s+(?=(?:never|do not|don't|run|use|execute|try)\b)",
)
_SENTENCE = _any(r"(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!vs\.)(?<=[.!?])[\"')\]*]*\s+", r"\s*;\s+(?=if\b)")
_OUTPUT = _words(
    r"^\W*(?:(?:the|an?|its|here is|here's|expected|example|sample|typical|healthy|normal|correct|good|bad|desired) )*"
    r"(?:output|response|result|answer)s?(?: (?:of|from|for|is|are|looks?|should|will|shows?)\b.*)?\W*$",
    r"\byou(?:'ll| should| will| would)(?: then| now)? (?:see|get)\b",
    r"\b(?:prints|returns|outputs|displays|responds with|answers)(?: \w+)?\W*$",
    r"\blooks? (?:like|similar to)\b",
    hints=("output,response,result,answer,you,print,return,display,respond,look"),
)
_ASKS = _any(
    r"^\W*(?:(?:then|now|first|please|to) )*(?:run|use|execute|try|check|look|inspect|see|verify|type|enter)\b"
)
_FOR_PEOPLE = _any(r"^\W*(?:escalate|call|page|contact|inform|notify|tell|ask|talk)\b")
_INTRODUCTION = _any(
    r"^\W*(?:(?:then|now|so|please|just) )*(?:run|use|execute|try|do|issue|type|enter|with|by|example|for example)"
    rf"(?: (?:this|the following|these|the|following|commands?|in order|below))*\W*{COMMAND}?\W*$"
)


def around(sentences: str, at: int) -> str:
    """The words that leave the command at this place to a person; "" if it runs.

    `sentences` is a paragraph in which each command is COMMAND.
    """
    start, end = _sentence(sentences, at)
    sentence, place = sentences[start:end], at - start
    return _governing(sentence, place) or _introduced(sentences[:start], sentence)


@lru_cache(maxsize=1024)
def above(text: str, *, remark: bool = False) -> str:
    """The words of an introduction that leave the commands below it to a person; "" if they run.

    A `remark` beside the steps only governs them where it names them ("Do not run this").
    """
    sentences = _sentences(_plain(text))
    if not sentences:
        return ""
    warned = next((found for part in sentences if (found := _said(_DIRECT_WARNING, _main_clause(part)))), "")
    if warned or remark:
        return warned
    return _title(_nearest(sentences)) or _introduced(" ".join(sentences[:-1]), sentences[-1])


def announces_output(text: str) -> bool:
    """Whether a text introduces the output of a command, not a command."""
    sentence = _nearest(_sentences(_plain(text)))
    return bool(_OUTPUT.search(sentence)) and not _ASKS.match(sentence)


@lru_cache(maxsize=1024)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(part for part in _SENTENCE.split(text) if part.strip())


def _nearest(sentences: Sequence[str]) -> str:
    """The sentence of an introduction that is about what follows: the last one before a colon, otherwise the first."""
    if not sentences:
        return ""
    return sentences[-1] if sentences[-1].rstrip("*_ ").endswith(":") else sentences[0]


def aside(sentence: str) -> str:
    """The words that leave the toggle in an item to a person; what only concerns its values is not one of them."""
    text = _plain(sentence)
    first = re.split(r"[,(;]", _main_clause(text), maxsplit=1)[0]
    return _said(_FALLBACK, text) or _said(_WARNING, first) or _said(_TRIED, text)


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    """The text with one kind of apostrophe, without emphasis of "never", and with "whether" where "if" asks."""
    text = re.sub(r"^\W*\d+[.)]\s+", "", text)
    asked = _QUESTION.sub(lambda found: f"{found[1]} whether", text.replace("’", "'"))
    return re.sub(r",? (?:under any circumstances|ever)\b,?", "", asked)


def _said(pattern: re.Pattern[str] | _Words, text: str) -> str:
    found = pattern.search(text)
    return shown(text[found.start() :]) if found else ""


def shown(text: str) -> str:
    """The first words of a text, for a reason."""
    words = text.replace(COMMAND, "…").strip(" ,:;()[]!*_-–—|").split()
    return " ".join(words[:8])


@lru_cache(maxsize=1024)
def _title(text: str) -> str:
    """Judges one sentence that introduces commands. Its first clause warns against all of it, a later one does not."""
    main = _main_clause(text)
    clause = re.split(r"[,;]", main, maxsplit=1)[0]
    return _fallback_of(text) or _said(_ALTERNATIVE, text) or _said(_WARNING, clause) or _said(_PAST, main)


def _fallback_of(text: str) -> str:
    """The fallback of an introduction. "Escalate if this fails" is about a person, not about the commands below it."""
    return "" if _FOR_PEOPLE.match(text) else _said(_FALLBACK, text)


@lru_cache(maxsize=1024)
def _main_clause(text: str) -> str:
    """The sentence without a subordinate clause in front ("If pods do not start, …")."""
    return _SUBORDINATE.sub("", text, count=1)


def _sentence(text: str, at: int) -> tuple[int, int]:
    """Begin and end of the sentence at a place."""
    ends = [0, *(found.end() for found in _SENTENCE.finditer(text)), len(text)]
    return next((start, end) for start, end in pairwise(ends) if start <= at < end)


def _introduced(before: str, sentence: str) -> str:
    """The fallback in the sentence before a bare "Run:", which does not state its own condition."""
    last = _sentences(before)[-1:]
    return _said(_FALLBACK, last[0]) if last and _INTRODUCTION.match(sentence) else ""


def _governing(sentence: str, place: int) -> str:
    before, after = _plain(sentence[:place]), _plain(sentence[place + 1 :])
    clause = _CLAUSE.split(before)[-1]
    behind = _CLAUSE.split(after)[0].split(COMMAND)[0]
    instead = _INSTEAD_OF.search(clause)
    between = clause.rsplit(COMMAND, 1)
    alternative = _said(_OR, between[1]) if len(between) > 1 else _said(_ALTERNATIVE, before)
    return (
        _fallback(before, after)
        or (shown(instead[0]) if instead else "")
        or alternative
        or _said(_WARNING, _main_clause(clause).rsplit(COMMAND, 1)[0] if len(between) > 1 else _main_clause(clause))
        or _said(_PAST, _main_clause(clause))
        or _said(_BEHIND, behind)
    )


def _fallback(before: str, after: str) -> str:
    """A fallback governs the commands behind it in its sentence, or those before it if none is behind it."""
    found = _said(_FALLBACK, before)
    if found or COMMAND in after:
        return found
    return _said(_FALLBACK, after)
