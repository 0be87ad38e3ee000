"""The live page of a run: its server, and the listener that feeds it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from harness.app.desk_controls import DeskControls
from harness.app.planning import PlanRequest, read_plan
from harness.listeners.progress import ReadJudge
from harness.listeners.web.controls import Controls, NoControls
from harness.listeners.web.feed import Feed, Stage
from harness.listeners.web.guard import Access
from harness.listeners.web.messages import Messages
from harness.listeners.web.runbook import hidden_plan, shown_plan
from harness.listeners.web.server import PageServer, listen
from harness.record.listener import Listener
from harness.responders.person import Front

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8088


@dataclass(frozen=True)
class PageRequest:
    """Where a page listens. `port` 0: any free one. `option`: what sets the port on the command line."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    option: str = "--web"


class Page:
    """A page that is served; it shows one run at a time."""

    def __init__(self, stage: Stage, access: Access) -> None:
        self._stage, self.access = stage, access
        self.controls: Controls = NoControls()

    @property
    def url(self) -> str:
        """The URL to open: it has the token."""
        return self.access.first_url

    def show(self, plan: Mapping[str, object]) -> Feed:
        """Show a run of this plan (`shown_plan`) from now on: its messages go to the feed."""
        feed = Feed(secrets.token_hex(4))
        feed.put("plan", "plan", plan)
        self._stage.show(feed)
        return feed


@contextmanager
def open_page(request: PageRequest, frame_port: int | None = None) -> Iterator[Page]:
    """A page until the end of the `with`. Raises MachineError where it cannot listen, before anything is started.

    `frame_port`: the port whose pages may show it in a frame.
    """
    bound = listen(request.host, request.port, request.option)
    access = Access(request.host, bound.getsockname()[1], frame_port)
    stage = Stage()
    page = Page(stage, access)
    server = PageServer(bound, stage, lambda: page.controls, access)
    try:
        yield page
    finally:
        server.close()


@contextmanager
def watched(request: PageRequest, plan: PlanRequest) -> Iterator[tuple[str, Callable[[ReadJudge], Listener]]]:
    """The URL of the page of an automatic run, and what makes its listener. Raises GamedayError as a run does."""
    made = read_plan(plan)
    with open_page(request) as page:
        feed = page.show({**shown_plan(made), "by_hand": False})
        yield page.url, lambda judge: Messages(judge, feed)


@dataclass(frozen=True)
class HandledPage:
    """The page of a drill that a person handles: its URL, what makes its listener, and its front of the desk."""

    url: str
    listener: Callable[[ReadJudge], Listener]
    front: Front


@contextmanager
def handled(request: PageRequest, plan: PlanRequest, *, hidden: bool) -> Iterator[HandledPage]:
    """The page of a drill that a person handles. `hidden`: the page shows neither its fault nor its runbook."""
    made = read_plan(plan)
    with open_page(request) as page:
        shown = hidden_plan(made) if hidden else shown_plan(made)
        feed = page.show({**shown, "by_hand": True})
        page.controls = controls = DeskControls(feed)
        yield HandledPage(page.url, lambda judge: Messages(judge, feed, hidden=hidden), controls.front)
