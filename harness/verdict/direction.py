"""Which way the text of a toggle says that its value moves. Pure."""

from __future__ import annotations

import re
from typing import Literal

Direction = Literal["up", "down"]

_UP = r"increas(?:e|ed|ing)|rais(?:e|ed|ing)|bump(?:ed|ing)?|extend(?:ed|ing)?|grow(?:ing)?|doubl(?:e|ed|ing)"
_DOWN = (
    r"decreas(?:e|ed|ing)|lower(?:ed|ing)?|reduc(?:e|ed|ing)|drop(?:ped|ping)?|shorten(?:ed|ing)?|cut(?:ting)?"
    r"|halv(?:e|ed|ing)"
)
_SET = (
    r"set(?:ting)?|chang(?:e|ed|ing)|switch(?:ed|ing)?|updat(?:e|ed|ing)|adjust(?:ed|ing)?|mov(?:e|ed|ing)|us(?:e|ing)"
)
_VERB = re.compile(
    rf"(?P<purpose>\b(?:to|for|will|helps?)\s+)?\b(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?:{_SET}))\b", re.I
)
_ALONE = re.compile(rf"(?:^|[|:;,(#—–])\s*(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\s*(?=$|[|:;,.)→])", re.I)
_SENTENCE = re.compile(r"[;|]|[.!?](?=\s|$)")
_CLAUSE = re.compile(r"[:(—–]|,(?=\D)")


def stated(text: str, name: str, old: str | None, new: str) -> tuple[Direction, str] | None:
    """Return the direction of the verb that governs the values of the variable `name`, and that verb; None without one.

    A verb governs a value if it is the nearest one before `from OLD`, `to NEW` or an arrow, in the same sentence. In
    "To reduce flapping, increase from 5 to 10" that is `increase`, in "Set to 10 to reduce flapping" it is `set`, which
    has no direction. A verb of a purpose ("to reduce flapping: 5 -> 10") governs nothing behind a comma or a colon. A
    verb that is a clause by itself ("5 -> 10 (increase)") governs as well.
    """
    plain = re.sub(rf"`?\b{re.escape(name)}\b`?", "", text) if name else text
    place = _value_place(plain, old, new)
    found = _governing(plain[:place]) if place is not None else None
    found = found or _ALONE.search(plain)
    if found is None or not (found["up"] or found["down"]):
        return None
    return ("up", found["up"].lower()) if found["up"] else ("down", found["down"].lower())


def _value_place(text: str, old: str | None, new: str) -> int | None:
    """Return where the text states the values; None if it does not."""
    known = [rf"\bto\s+[`\"']?{re.escape(new)}(?![\w])", rf"(?:->|=>|→|➜|⇒)\s*[`\"']?{re.escape(new)}(?![\w])"]
    known += [rf"\bfrom\s+[`\"']?{re.escape(old)}(?![\w])"] if old else []
    converted = [r"\b(?:from|to)\s+[`\"']?\d"]  # the text has another form of the values: "5,000", "5 seconds"
    for forms in (known, converted):
        places = [match.start() for form in forms if (match := re.search(form, text, re.I))]
        if places:
            return min(places)
    return None


def _governing(before: str) -> re.Match[str] | None:
    """Return the nearest verb before a value that can govern it."""
    sentence = _SENTENCE.split(before)[-1]
    for verb in reversed(list(_VERB.finditer(sentence))):
        if not (verb["purpose"] and _CLAUSE.search(sentence, verb.end())):
            return verb
    return None
