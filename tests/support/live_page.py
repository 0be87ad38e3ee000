"""A live page with the messages of a simulated drill, and a client that sends any header."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.app.page import Page, PageRequest, open_page
from harness.listeners.web.controls import ControlError
from harness.listeners.web.feed import Feed
from harness.listeners.web.messages import Messages
from tests.support.simulated_drill import World

PLAN = {
    "document": "ops.md",
    "drills": [
        {
            "id": "WEB", "title": "Web", "line": 1, "symptoms": [{"line": 10, "text": "errors"}], "dashboards": [],
            "steps": [
                {"number": 1, "line": 30, "kind": "command", "purpose": "change", "shown": "", "runs": True,
                 "text": "kubectl scale deployment web --replicas=3"},
            ],
        }
    ],
    "deadlines": [
        {"priority": "P0", "action": "acknowledged", "limit_s": 300, "line": 50, "text": "Acknowledge in 5 minutes"},
        {"priority": "P0", "action": "investigating", "limit_s": 600, "line": 51, "text": "Investigate in 10 minutes"},
    ],
    "by_hand": False,
}  # fmt: skip
"""The plan of the simulated drill, as `shown_plan` makes it."""


@dataclass
class Recorded:
    """Controls that keep what was done; `refusal`: why nothing may be done."""

    done: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    refusal: str = ""

    def act(self, action: str, values: Mapping[str, str]) -> None:
        if self.refusal:
            raise ControlError(self.refusal)
        self.done.append((action, values))


@dataclass
class Served:
    """A page that is served: `feed` has its messages, `page` its controls."""

    page: Page
    feed: Feed
    controls: Recorded

    @property
    def port(self) -> int:
        return self.page.access.port

    @property
    def cookie(self) -> str:
        return f"{self.page.access.cookie}={self.page.access.session}"

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Send one request with these headers, and the Host of the page; return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Host": f"127.0.0.1:{self.port}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def own(self, **more: str) -> dict[str, str]:
        """The headers that the page's own browser sends."""
        return {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}", **more}

    def messages(self, last: str = "", until: str = "end") -> list[tuple[str, str, Any]]:
        """Number, kind and data of each message of a new stream, to the first one of the kind `until`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            known = {"Last-Event-ID": last} if last else {}
            connection.request("GET", "/events", headers={"Cookie": self.cookie, **known})
            found: list[tuple[str, str, Any]] = []
            fields: dict[str, str] = {}
            for line in connection.getresponse():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                    fields = {}
                if found and found[-1][1] == until:
                    break
            return found
        finally:
            connection.close()


@contextmanager
def served(*, frame_port: int | None = None, plan: Mapping[str, object] = PLAN) -> Iterator[Served]:
    """A page on a free port of loopback."""
    with open_page(PageRequest(port=0), frame_port) as page:
        controls = Recorded()
        page.controls = controls
        feed = page.show(plan)
        yield Served(page, feed, controls)


def fill(feed: Feed, world: World, *, final: bool = True) -> None:
    """Run a simulated drill; every event of it becomes a message at once. `final`: the page ends with it."""
    world.journal.deliver_to(Messages(world.judges.of, feed, final=final))
    world.run()
