"""Runs the rules over one document: which rules, at which severity, without what the document suppresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b

from harness.lint.base import Finding, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.suppressions import Suppression, in_force, suppressions

EXPIRED, UNUSED, MALFORMED = "RB001", "RB002", "RB003"
"""The codes of the rules about suppressions; their files are in `rules/`."""


@dataclass(frozen=True)
class Settings:
    """Which rules run, and how much they matter. Codes may be cut: `RB5` is the whole group."""

    select: tuple[str, ...] = ()
    """Only these; empty: all."""
    ignore: tuple[str, ...] = ()
    pedantic: bool = False
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """Other severities, by code."""

    def runs(self, rule: Rule) -> bool:
        """Whether a rule runs. A pedantic rule also runs where `select` names it in full."""
        if not self.select and not self.ignore:
            return not rule.pedantic or self.pedantic
        named = rule.code in self.select or rule.name in self.select
        if any(_matches(rule, code) for code in self.ignore):
            return False
        if self.select and not any(_matches(rule, code) for code in self.select):
            return False
        return not rule.pedantic or self.pedantic or named


def _matches(rule: Rule, code: str) -> bool:
    return rule.name == code or rule.code.startswith(code.upper())


def lint(
    document: Document, rules: Sequence[Rule], settings: Settings, today: date, others: Sequence[Finding] | None = None
) -> tuple[Finding, ...]:
    """The findings of a document, by place. `today` decides which suppressions have expired.

    `others` are those of shellcheck, which the document suppresses in the same way; None where it did not run.
    """
    chosen = [rule for rule in rules if settings.runs(rule)]
    found = [(rule, hit) for rule in chosen for hit in _hits(rule, document)]
    given = suppressions(document)
    active = in_force(given, today)
    used = {id(each) for rule, hit in found for each in active if each.concerns(rule.code, rule.name, hit.place.line)}
    foreign = [other for other in others or () if not _is_suppressed(other, active, used)]
    kept = [
        (rule, hit)
        for rule, hit in found
        if not any(each.concerns(rule.code, rule.name, hit.place.line) for each in active)
    ]
    kept += _about(given, used, chosen, {rule.code: rule for rule in rules}, today, with_others=others is not None)
    return (*_with_fingerprints(_findings(document, kept, settings), document), *foreign)


def _is_suppressed(other: Finding, active: Sequence[Suppression], used: set[int]) -> bool:
    """Whether the document suppresses a finding of shellcheck; notes the suppressions that do."""
    hiding = {id(each) for each in active if each.concerns(other.rule, other.name, other.place.line)}
    used |= hiding
    return bool(hiding)


def _hits(rule: Rule, document: Document) -> list[Hit]:
    """The hits of a rule, each place once."""
    return list({(hit.place.line, hit.place.column, hit.message): hit for hit in rule.check(document)}.values())


def _findings(document: Document, kept: Iterable[tuple[Rule, Hit]], settings: Settings) -> Iterator[Finding]:
    for rule, hit in sorted(kept, key=lambda pair: (pair[1].place.line, pair[1].place.column, pair[0].code)):
        severity = settings.severities.get(rule.code, rule.severity)
        line = document.lines[hit.place.line - 1] if 0 < hit.place.line <= len(document.lines) else ""
        yield Finding(rule.code, rule.name, severity, document.path, hit.place, hit.message, line, "", hit.edits)


def _with_fingerprints(found: Iterable[Finding], document: Document) -> Iterator[Finding]:
    """Each finding with a fingerprint of its rule, its line, the heading above, and which of equal ones it is."""
    seen: Counter[str] = Counter()
    for finding in found:
        heading = document.heading_above(finding.place.line)
        key = "\n".join((finding.rule, " ".join(finding.source.split()), heading.text if heading else ""))
        seen[key] += 1
        yield replace(finding, fingerprint=blake2b(f"{key}\n{seen[key]}".encode(), digest_size=16).hexdigest())


_FOREIGN = re.compile(r"SC\d{4}|shellcheck")
"""The codes of shellcheck, and the name of all its findings."""


def _about(
    given: Sequence[Suppression],
    used: set[int],
    chosen: Sequence[Rule],
    known: Mapping[str, Rule],
    today: date,
    *,
    with_others: bool,
) -> Iterator[tuple[Rule, Hit]]:
    """What is wrong with the suppressions themselves."""
    codes = {rule.code for rule in chosen}
    names = {rule.code for rule in known.values()} | {rule.name for rule in known.values()}
    for each in given:
        foreign = {code for code in each.codes if _FOREIGN.fullmatch(code)}
        run = codes | (foreign if with_others else set())
        for code, message in _problems(each, id(each) in used, run, names | foreign, today):
            if code in codes:
                yield known[code], Hit(each.place, message)


def _problems(
    each: Suppression, is_used: bool, chosen: set[str], names: set[str], today: date
) -> Iterator[tuple[str, str]]:
    unknown = [code for code in each.codes if code not in names]
    shown = ", ".join(each.codes)
    if not each.codes:
        yield MALFORMED, "the suppression names no rule; write disable=RB… with its code"
    elif unknown:
        yield MALFORMED, f"the suppression names {', '.join(unknown)}, which is no rule"
    elif each.until and each.until_date is None:
        yield MALFORMED, f"`until={each.until}` is no date; write until=YYYY-MM-DD"
    elif not each.reason:
        yield MALFORMED, f'the suppression of {shown} has no reason; add reason="…"'
    elif each.is_expired(today):
        yield EXPIRED, f"the suppression of {shown} expired on {each.until}; fix what it hides, or decide again"
    elif not is_used and all(code in chosen for code in each.codes):
        yield UNUSED, f"the suppression of {shown} hides nothing; remove it"


FIRST_LINE = Place(1, 1, 1)
"""The place of what concerns the whole document where it has no heading."""


def top(document: Document) -> Place:
    """The place of what concerns the whole document: its first heading, or its first line."""
    if not document.headings:
        return FIRST_LINE
    heading = document.headings[0]
    return Place(heading.line, 1, len(document.lines[heading.line - 1]) + 1)
