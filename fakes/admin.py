"""The admin port: what the platform and the fault injector may do with a pod. Every call needs the token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.faults.base import BadFault, Board

Endpoint = Callable[[Request], Awaitable[Response]]
Serve = Callable[[bool], Awaitable[None]]


def application(token: str, board: Board, serve: Serve) -> Starlette:
    """See docs/reference/contracts.md, "Admin port"."""
    calls = Calls(board, serve)

    def route(path: str, endpoint: Endpoint, method: str) -> Route:
        return Route(path, guarded(token, endpoint), methods=[method])

    return Starlette(
        routes=[
            route("/serving", calls.serving, "PUT"),
            route("/faults", calls.inject, "POST"),
            route("/faults", calls.on, "GET"),
            route("/faults", calls.revert_all, "DELETE"),
            route("/faults/{number}", calls.revert, "DELETE"),
        ]
    )


def guarded(token: str, endpoint: Endpoint) -> Endpoint:
    """403 unless the request carries the token."""
    expected = f"Bearer {token}".encode()

    async def call(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"error": "wrong or missing token"}, 403)
        return await endpoint(request)

    return call


class Calls:
    """The calls behind the token."""

    def __init__(self, board: Board, serve: Serve) -> None:
        self._board, self._serve = board, serve

    async def serving(self, request: Request) -> Response:
        wanted = (await json_object(request)).get("serving")
        if not isinstance(wanted, bool):
            return bad_request('the body must be {"serving": true} or {"serving": false}')
        try:
            await self._serve(wanted)
        except OSError as error:
            return JSONResponse({"error": f"cannot listen on the service address: {error}"}, 409)
        return JSONResponse({"serving": wanted})

    async def inject(self, request: Request) -> Response:
        try:
            return JSONResponse({"id": self._board.inject(await json_object(request))}, 201)
        except BadFault as error:
            return bad_request(str(error))

    async def on(self, _: Request) -> Response:
        return JSONResponse(self._board.on())

    async def revert(self, request: Request) -> Response:
        self._board.revert(request.path_params["number"])
        return Response(status_code=204)

    async def revert_all(self, _: Request) -> Response:
        self._board.revert_all()
        return Response(status_code=204)


def bad_request(reason: str) -> Response:
    return JSONResponse({"error": reason}, 400)


async def json_object(request: Request) -> dict[str, object]:
    """The JSON object in the body; an empty one for anything else, in which nothing will be found."""
    try:
        value = json.loads(await request.body())
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
