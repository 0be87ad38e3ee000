"""Scans a Markdown text to a page, line by line."""

from __future__ import annotations

import re

from harness.lint.page import UNDERLINE, Block, Heading, Page

_FENCE = re.compile(r"(?P<lead>(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])*)(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_BOLD = re.compile(r"\s{0,3}(\*\*|__)(?P<text>[^*_]{2,80}?)(?:\1:?|:\1)\s*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_LANG = re.compile(r"[{\s.]*([A-Za-z][\w+-]*)")


def scan(text: str, path: str = "<text>") -> Page:
    """Scan a text. Never raises."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")
    scanner = _Scanner(lines)
    scanner.run()
    return Page(path, plain, tuple(lines), tuple(scanner.headings), tuple(scanner.blocks), "".join(scanner.kinds))


class _Scanner:
    """Goes through the lines once."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.kinds: list[str] = []
        self.headings: list[Heading] = []
        self.blocks: list[Block] = []
        self._in_list = False

    def run(self) -> None:
        at = self._front_matter()
        while at < len(self.lines):
            at = self._line(at)

    def _front_matter(self) -> int:
        lines = self.lines
        mark = lines[0].rstrip() if lines else ""
        if mark not in ("---", "+++"):
            return 0
        end = next((n for n in range(1, min(len(lines), 400)) if lines[n].rstrip() == mark), 0)
        if not end or not any(":" in line or "=" in line for line in lines[1:end]):
            return 0
        self.kinds += "f" * (end + 1)
        return end + 1

    def _line(self, at: int) -> int:
        line = self.lines[at]
        if not line.strip(" \t>"):
            self.kinds.append("b")
            return at + 1
        stripped = line.lstrip()
        if "```" in line or "~~~" in line:
            fence = _FENCE.match(line)
            if fence and not (fence["mark"][0] == "`" and "`" in fence["info"]):
                return self._fence(at, fence)
        if stripped.startswith("<!--"):
            return self._comment(at)
        if self._is_indented_code(at):
            return self._indented(at)
        return self._text(at, stripped)

    def _text(self, at: int, stripped: str) -> int:
        line = self.lines[at]
        if stripped[0] == "#" and (found := _HEADING.match(line)):
            return self._heading(at, len(found[1]), found[2] or "", 1)
        if stripped[:2] in ("**", "__") and (bold := _BOLD.match(line)) and self._alone(at):
            return self._heading(at, 7, bold["text"].strip(" :"), 1)
        below = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        if (
            below[:1] in "=- "
            and UNDERLINE.match(below)
            and not _ITEM.match(line)
            and "|" not in line
            and stripped[0] not in ">-="
        ):
            return self._heading(at, 1 if "=" in below else 2, stripped, 2)
        self._in_list = bool(_ITEM.match(line)) or (self._in_list and (line[0] in " \t" or self._goes_on(at)))
        self.kinds.append("p")
        return at + 1

    def _goes_on(self, at: int) -> bool:
        """Whether the paragraph of the line above goes on."""
        return bool(self.kinds) and self.kinds[-1] == "p"

    def _alone(self, at: int) -> bool:
        above = self.lines[at - 1].strip() if at else ""
        below = self.lines[at + 1].strip() if at + 1 < len(self.lines) else ""
        return not above and (not below or below[0] in "-*`~1+")

    def _heading(self, at: int, level: int, text: str, count: int) -> int:
        self.headings.append(Heading(at + 1, level, text.strip()))
        self.kinds += "h" * count
        if level < 7:
            self._in_list = False
        return at + count

    def _comment(self, at: int) -> int:
        end = at
        while end < len(self.lines) - 1 and "-->" not in self.lines[end]:
            end += 1
        if "-->" not in self.lines[end]:
            end = at  # never closed: no comment
        self.kinds += "m" * (end + 1 - at)
        return end + 1

    def _is_indented_code(self, at: int) -> bool:
        line = self.lines[at]
        indented = line.startswith(("    ", "\t"))
        return indented and not self._in_list and (not self.kinds or self.kinds[-1] in "bchf")

    def _indented(self, at: int) -> int:
        end = at
        last = at
        while end < len(self.lines) and (not self.lines[end].strip() or self.lines[end].startswith(("    ", "\t"))):
            last = end if self.lines[end].strip() else last
            end += 1
        taken = [_without_indent(line, 4) for line in self.lines[at : last + 1]]
        self.blocks.append(
            Block(at + 1, at + 1, "", tuple(text for text, _ in taken), tuple(col for _, col in taken), fenced=False)
        )
        self.kinds += "c" * (last + 1 - at)
        return last + 1

    def _fence(self, at: int, fence: re.Match[str]) -> int:
        lead, mark, info = fence["lead"], fence["mark"], fence["info"].strip()
        closing = re.compile(rf"[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
        end = at + 1
        while (end < len(self.lines) and not ("`" in self.lines[end] or "~" in self.lines[end])) or (
            end < len(self.lines) and not closing.match(self.lines[end])
        ):
            end += 1
        closed = end < len(self.lines)
        quote = ">" in lead
        taken = [_without_lead(line, len(lead.expandtabs(4)), quote) for line in self.lines[at + 1 : end]]
        found = _LANG.match(info)
        lang = found[1].lower() if found else ""
        note = info[found.end() :].strip() if found else info
        self.blocks.append(
            Block(at + 1, at + 2, lang, tuple(t for t, _ in taken), tuple(c for _, c in taken), closed, True, note)
        )
        self.kinds += "c" * (min(end, len(self.lines) - 1) + 1 - at)
        return end + 1


def _without_indent(line: str, width: int) -> tuple[str, int]:
    if line.startswith("\t"):
        return line[1:], 2
    blanks = len(line) - len(line.lstrip(" "))
    return line[min(blanks, width) :], min(blanks, width) + 1


def _without_lead(line: str, width: int, quote: bool) -> tuple[str, int]:
    """The line without the indentation and quote marks of its fence, and the column where it begins."""
    at = 0
    if quote:
        found = re.match(r"[ \t]*>[ \t]?", line)
        at = found.end() if found else 0
        return line[at:], at + 1
    while at < len(line) and at < width and line[at] == " ":
        at += 1
    if line[at : at + 1] == "\t" and at < width:
        at += 1
    return line[at:], at + 1
