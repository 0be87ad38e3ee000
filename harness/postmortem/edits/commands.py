"""What several edits need to know of a command: its words, its Deployment, its place in a block of the document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.bash.parse import parse
from harness.bash.script import Call
from harness.model import Document, Part
from harness.policy.kubectl import positionals
from harness.postmortem.source import Line, Source
from harness.record.steps import StepFacts

_QUOTE = re.compile(r"[ \t>]*")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|<[\w .-]+>")
_KINDS = ("deployment", "deployments", "deploy", "deployment.apps", "deployments.apps")


@dataclass(frozen=True)
class Workload:
    """The Deployment of a kubectl command, and its namespace, both as written."""

    name: str
    namespace: str

    @property
    def words(self) -> str:
        """The words that name it in another command: `deployment/api -n production`."""
        return f"deployment/{self.name}" + (f" -n {self.namespace}" if self.namespace else "")


def changed_words(before: str, after: str) -> tuple[list[str], list[str]]:
    """The words that one command has more than the other, and the other way round, whatever their order."""
    old, new = (Counter(word.raw for call in parse(text).calls for word in call.words) for text in (before, after))
    return sorted((old - new).elements()), sorted((new - old).elements())


def only_call(text: str) -> Call | None:
    """The command of a text that is one line and one kubectl command without a pipe; None for any other text."""
    script = parse(text)
    simple = not script.constructs and not script.doubts and not script.redirects
    if "\n" in text or not simple or len(script.calls) != 1 or script.calls[0].program != "kubectl":
        return None
    return script.calls[0]


def workload_of(call: Call) -> Workload | None:
    """The one Deployment that a kubectl command acts on; None where it names none, several, or another object."""
    words = positionals(call.argv[1:])
    after = words[2:] if words[:1] in (["set"], ["rollout"]) else words[1:]
    names = [word.partition("/")[2] for word in after if word.partition("/")[0] in _KINDS and "/" in word]
    if len(after) >= 2 and after[0] in _KINDS:
        names.append(after[1])
    namespaces = list(_namespaces(call.argv))
    valid = all(_NAME.fullmatch(word) for word in (*names, *namespaces))
    if len(names) != 1 or len(namespaces) > 1 or not valid:
        return None
    return Workload(names[0], namespaces[0] if namespaces else "")


def _namespaces(argv: tuple[str, ...]) -> Iterator[str]:
    for at, word in enumerate(argv):
        if word in ("-n", "--namespace") and at + 1 < len(argv):
            yield argv[at + 1]
        elif word.startswith("--namespace="):
            yield word.removeprefix("--namespace=")


@dataclass(frozen=True)
class Placed:
    """A command that has lines of its own in a block."""

    first: Line
    last: Line
    margin: str
    """What stands before it: indentation, and the signs of a quote."""

    def line_above(self, text: str, source: Source) -> tuple[int, str]:
        """Offset and text of an insertion that makes a new line above it."""
        return self.first.start, f"{self.margin}{text}{self.first.end or source.line_end}"

    def line_below(self, text: str, source: Source) -> tuple[int, str]:
        """Offset and text of an insertion that makes a new line below it."""
        return self.last.stop, f"{self.last.end or source.line_end}{self.margin}{text}"


def placed(source: Source, facts: StepFacts) -> Placed | None:
    """Where the lines of a command are; None where something else is on them: a prompt, a comment, a list's text."""
    spots = source.spots(facts.line, facts.text)
    first, last = source.line(facts.line), source.line(facts.line + facts.text.count("\n"))
    if spots is None or first is None or last is None:
        return None
    margin = source.text[first.start : spots[0]].removeprefix("\ufeff")
    end = spots[-1] + len(facts.text.split("\n")[-1].strip())
    if not _QUOTE.fullmatch(margin) or source.text[end : last.stop].strip():
        return None
    return Placed(first, last, margin)


def parts_of(document: Document, runbook: str) -> tuple[Part, ...]:
    """The commands, actions and toggles of one runbook, in the order of their lines."""
    found = [
        part
        for book in document.runbooks
        if book.id == runbook
        for part in (*book.actions, *book.commands, *book.toggles)
    ]
    return tuple(sorted(found, key=lambda part: part.line))
