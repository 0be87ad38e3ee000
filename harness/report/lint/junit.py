"""Findings as JUnit XML: one suite for each file, one failed case for each finding."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from harness.lint.base import Finding
from harness.report.format import printable
from harness.report.lint.text import with_caret


def to_junit(found: Sequence[Finding], files: int) -> str:
    """A document with the root `testsuites`."""
    root = Xml.Element("testsuites", name="gameday lint", tests=str(max(len(found), 1)), failures=str(len(found)))
    for path in dict.fromkeys(finding.path for finding in found):
        own = [finding for finding in found if finding.path == path]
        suite = Xml.SubElement(
            root,
            "testsuite",
            name=printable(path),
            tests=str(len(own)),
            failures=str(len(own)),
            errors="0",
            skipped="0",
        )
        for finding in own:
            _case(suite, finding)
    if not found:
        suite = Xml.SubElement(root, "testsuite", name="gameday lint", tests="1", failures="0", errors="0", skipped="0")
        Xml.SubElement(suite, "testcase", classname="gameday.lint", name=f"{files} files without findings")
    Xml.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{Xml.tostring(root, encoding='unicode')}\n"


def _case(suite: Xml.Element, finding: Finding) -> None:
    name = f"{finding.rule} {finding.name}, line {finding.place.line}, column {finding.place.column}"
    case = Xml.SubElement(
        suite, "testcase", classname=printable(finding.path), name=name, file=printable(finding.path),
        line=str(finding.place.line),
    )  # fmt: skip
    failure = Xml.SubElement(case, "failure", type=finding.severity.value, message=printable(finding.message))
    failure.text = printable("\n".join(with_caret(finding)))
