"""Markup of site generators, converted line by line to the Markdown that the parser knows.

MkDocs, Hugo, Jekyll, GitBook and Docusaurus wrap Markdown in tags of their own: tabs, notices, `<details>`, ERB. A tag
that only wraps becomes an empty line; a tab or notice becomes a container. Lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

TAB = "tab"
"""The name of the container of a tab."""
_FENCE = re.compile(r"^\s*(?:[-*+>]\s*)*(`{3,}|~{3,})")
_CODE = 4
"""The blanks that begin an indented code block."""
_CONTAINS = re.compile(r"(?:[-*+]|\d+[.)])\s|>|!!!|\?\?\?|===")
_TAGS = re.compile(r"</?(?:details|summary)(?:\s[^<>]*)?>", re.I)
_NAME = r"""(?:[^"'>}%]*?["'](?P<name>[^"']*)["'])?[^>}]*?"""
_STYLE = r"""(?:\s*(?:style|type)\s*=)?\s*["']?(?P<style>[\w-]+)["']?[^>}]*?"""
_FORMS = (
    (r'===[!+]?\s+"(?P<name>[^"]*)"', f'!!! {TAB} "{{name}}"'),
    (rf"<TabItem\b{_NAME}>", f"::::{TAB} {{name}}"),
    (r"</TabItem>", "::::"),
    (rf"\{{\{{[<%]\s*tab\b{_NAME}[>%]\}}\}}", f"::::{TAB} {{name}}"),
    (rf"\{{%\s*tab\b{_NAME}%\}}", f"::::{TAB} {{name}}"),
    (r"\{\{[<%]\s*/tab\s*[>%]\}\}|\{%\s*endtab\s*%\}", "::::"),
    (rf"\{{\{{[<%]\s*(?:notice|hint|alert|admonition|callout)\b{_STYLE}[>%]\}}\}}", ":::{style}"),
    (rf"\{{%\s*hint\b{_STYLE}%\}}", ":::{style}"),
    (r"\{\{[<%]\s*/(?:notice|hint|alert|admonition|callout)\s*[>%]\}\}|\{%\s*endhint\s*%\}", ":::"),
    (r"\{%-?\s*highlight\s+(?P<lang>[\w-]+)[^%]*%\}", "```{lang}"),
    (r"\{%-?\s*endhighlight\s*-?%\}", "```"),
    (r"(?:</?(?:Tabs|div|section|center|span|p|br|a|nav|article|figure)\b[^<>]*>\s*)+", ""),
    (r"(?:\{\{[<%][^{}]*[>%]\}\}\s*)+|(?:\{%[^{}]*%\}\s*)+|<%[^=][^<>]*%>", ""),
)
_SIGNS = ("===", "<", "{")
_COMPILED = tuple((re.compile(form), result) for form, result in _FORMS)


def as_markdown(lines: Sequence[str]) -> Iterator[str]:
    """The lines without the markup of site generators outside of fences, and with fences where Markdown sees them."""
    fence, excess, outer = "", 0, ""
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            yield line[min(excess, _indent(line)) :]
            ends = found and found[1].startswith(fence) and not line[found.end() :].strip()
            fence = "" if ends else fence
            continue
        if found:
            fence, excess = found[1], _excess(line, outer)
        yield line[excess:] if found else _converted(line)
        outer = line if line.strip() and _indent(line) < _CODE else outer


def _excess(fence: str, outer: str) -> int:
    """The blanks of a fence that would make it code of the line above, where no list or container contains it."""
    contained = outer[:1].isspace() or _CONTAINS.match(outer)
    return 0 if contained else max(0, _indent(fence) - _CODE + 1)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _converted(line: str) -> str:
    text = line.strip()
    if not text.startswith(_SIGNS):
        return _TAGS.sub("", line) if "<" in line else line
    for form, result in _COMPILED:
        found = form.fullmatch(text)
        if found:
            named = {name: value or "" for name, value in found.groupdict().items()}
            return line[: len(line) - len(line.lstrip())] + result.format(**named) if result else ""
    return _TAGS.sub("", line)
