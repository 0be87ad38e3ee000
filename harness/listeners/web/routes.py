"""The routes of the page: its files, the stream of its messages (server-sent events), and what a person does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from harness.clock import now_s
from harness.listeners.web.controls import ControlError, Controls
from harness.listeners.web.feed import Feed, Message, Stage
from harness.listeners.web.guard import Access, Guard
from harness.report.pages.frame import ASSETS as REPORT_ASSETS

ASSETS = Path(__file__).parent / "assets"
FILES: Mapping[str, tuple[Path, str]] = {
    "page.css": (ASSETS / "page.css", "text/css"),
    "page.js": (ASSETS / "page.js", "text/javascript"),
    "alerts.js": (ASSETS / "alerts.js", "text/javascript"),
    "chart.js": (ASSETS / "chart.js", "text/javascript"),
    "runbook.js": (ASSETS / "runbook.js", "text/javascript"),
    "report.css": (REPORT_ASSETS / "report.css", "text/css"),
    "uplot.css": (REPORT_ASSETS / "uPlot.min.css", "text/css"),
    "uplot.js": (REPORT_ASSETS / "uPlot.iife.min.js", "text/javascript"),
}
KEEP_ALIVE_S = 10.0
TOGETHER_S = 0.2
"""Messages that come within this time are sent at once."""
MOST_BYTES = 64 * 1024
"""Longest body of an action."""


def page_app(stage: Stage, controls: Callable[[], Controls], access: Access) -> ASGIApp:
    """The whole application, behind its guard. `controls` gives those of the present run."""

    async def act(request: Request) -> Response:
        values = await _values(request)
        if values is None:
            return JSONResponse({"error": "the body must be one JSON object of texts"}, 400)
        try:
            await run_in_threadpool(controls().act, request.path_params["action"], values)
        except ControlError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({})

    async def stream(request: Request) -> Response:
        feed = stage.feed
        lines = _lines(feed, _known(feed, request.headers.get("last-event-id", "")))
        return StreamingResponse(lines, media_type="text/event-stream")

    routes = [
        Route("/", _page),
        Route("/assets/{name}", _file),
        Route("/events", stream),
        Route("/act/{action}", act, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), access)


async def _values(request: Request) -> dict[str, str] | None:
    """The body of an action; None if it is no JSON object of texts."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    fits = isinstance(values, dict) and all(isinstance(each, str) for each in values.values())
    return values if fits else None


async def _page(_: Request) -> Response:
    return Response(_read(ASSETS / "page.html"), media_type="text/html")


async def _file(request: Request) -> Response:
    found = FILES.get(request.path_params["name"])
    return Response(_read(found[0]), media_type=found[1]) if found else PlainTextResponse("no such file\n", 404)


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


def _known(feed: Feed, last_event_id: str) -> int:
    """The number of the last message that a page has of this feed; 0 for a page that had another one, or none."""
    name, _, number = last_event_id.rpartition("/")
    return int(number) if name == feed.name and number.isdecimal() else 0


async def _lines(feed: Feed, known: int) -> AsyncIterator[str]:
    """The messages after `known`, and those that follow, as server-sent events, until the feed is closed.

    A page that does not read holds up its own stream only: the messages stay in the feed.
    """
    changed, loop = asyncio.Event(), asyncio.get_running_loop()
    with feed.woken(lambda: loop.call_soon_threadsafe(changed.set)):
        yield f"retry: 1000\nevent: run\ndata: {json.dumps({'run': feed.name, 'now': now_s()})}\n\n"
        while True:
            changed.clear()
            closed, messages = feed.closed, feed.after(known)
            if messages:
                known = messages[-1].number
                yield "".join(_event(feed, message) for message in messages)
            elif closed:
                return
            else:
                yield await _awaited(changed)


async def _awaited(changed: asyncio.Event) -> str:
    """Wait for a message; return a comment, which keeps the connection open, when none comes."""
    try:
        await asyncio.wait_for(changed.wait(), KEEP_ALIVE_S)
    except TimeoutError:
        return ": nothing new\n\n"
    await asyncio.sleep(TOGETHER_S)
    return ""


def _event(feed: Feed, message: Message) -> str:
    return f"id: {feed.name}/{message.number}\nevent: {message.kind}\ndata: {message.data}\n\n"
