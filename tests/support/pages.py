"""Reads the pages of results: their elements, their visible text and what is drawn."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'"
"""A text that would add elements to a page if it were not escaped."""


class Page(HTMLParser):
    """The elements of a page: names with attributes, the text of each script, and the visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.visible = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.visible += " " * (tag in ("br", "td", "th"))
        if tag in ("script", "style"):
            self._inside = tag
            self.scripts += [""] * (tag == "script")

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.visible += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def text(self) -> str:
        """The visible text with single spaces."""
        return " ".join(self.visible.split())

    @property
    def groups(self) -> list[dict[str, Any]]:
        """What the page's script draws."""
        return [json.loads(text) for text in self.scripts if text.startswith("{")]

    @property
    def loads_nothing(self) -> bool:
        """Whether every link stays on the page, and its policy allows nothing else."""
        links = [attributes.get("src") or attributes.get("href") or "#" for _, attributes in self.elements]
        policies = [attributes["content"] or "" for tag, attributes in self.elements if "http-equiv" in attributes]
        return all(link.startswith("#") for link in links) and [each[:20] for each in policies] == [
            "default-src 'none'; "
        ]

    @property
    def has_handlers(self) -> bool:
        """Whether an element has a script in an attribute."""
        return any(name.startswith("on") for _, attributes in self.elements for name in attributes)
