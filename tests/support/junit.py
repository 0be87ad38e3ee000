"""Checks JUnit XML: elements, attributes, counts and times.

The rules are those of Jenkins's `junit-10.xsd` for the elements that are used here, and `file` and `line` of a
testcase, which pytest, GitLab and GitHub's annotators use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

Element = ElementTree.Element
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
}
NEEDED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
KNOWN = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": NEEDED["testsuite"]
    | {"time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version", "group"},
    "testcase": {"name", "time", "classname", "group", "file", "line"},
    **{tag: {"type", "message"} for tag in ("failure", "error", "skipped")},
    **{tag: set[str]() for tag in ("properties", "system-out", "system-err")},
    "property": NEEDED["property"],
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def problems(text: str) -> list[str]:
    """A line per mistake. Raises ParseError for a text that is not XML."""
    root = ElementTree.fromstring(text)
    if root.tag != "testsuites":
        return [f"the root is {root.tag}"]
    return [*_element(root), *_counts(root)]


def cases(text: str, suite: str) -> dict[str, str]:
    """The outcome of each testcase of a suite, by its name: `passed`, `failure`, `error` or `skipped`."""
    found = next(each for each in ElementTree.fromstring(text) if each.get("name") == suite)
    return {case.get("name", ""): _outcome(case) for case in found.iter("testcase")}


def _outcome(case: Element) -> str:
    return next((tag for tag in OUTCOMES.values() if case.find(tag) is not None), "passed")


def _element(element: Element) -> Iterator[str]:
    attributes = element.attrib.keys()
    yield from (f"{element.tag}: no {name}" for name in sorted(NEEDED.get(element.tag, set()) - attributes))
    yield from (f"{element.tag}: unknown {name}" for name in sorted(attributes - KNOWN[element.tag]))
    if not TIME.fullmatch(element.get("time", "")):
        yield f"{element.tag}: time {element.get('time')}"
    if element.tag in CHILDREN and (element.text or "").strip():
        yield f"{element.tag}: has text"
    for child in element:
        if child.tag in CHILDREN.get(element.tag, set()):
            yield from _element(child)
        else:
            yield f"{child.tag} in {element.tag}"


def _counts(root: Element) -> Iterator[str]:
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        found = {"tests": len(cases)} | {
            count: sum(case.find(tag) is not None for case in cases) for count, tag in OUTCOMES.items()
        }
        for count, number in found.items():
            if element.get(count, str(number)) != str(number):
                yield f"{element.tag} {element.get('name')}: {count} {element.get(count)}, there are {number}"
    seen = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    yield from (f"duplicate: {name}" for name in {name for name in seen if seen.count(name) > 1})
