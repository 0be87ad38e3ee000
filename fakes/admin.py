"""HTTP API of an admin port: apply and revert faults, switch a pod's serving on and off. Calls need the token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.faults.base import FaultBoard, FaultError

Endpoint = Callable[[Request], Awaitable[Response]]
Serve = Callable[[bool], Awaitable[None]]


def application(token: str, board: FaultBoard, serve: Serve) -> Starlette:
    """Return the application of a pod's admin port; its calls are in docs/reference/contracts.md, "Admin port"."""

    async def serving(request: Request) -> Response:
        wanted = (await json_object(request)).get("serving")
        if not isinstance(wanted, bool):
            return bad_request('the body must be {"serving": true} or {"serving": false}')
        try:
            await serve(wanted)
        except OSError as error:
            return JSONResponse({"error": f"cannot listen on the service address: {error}"}, 409)
        return JSONResponse({"serving": wanted})

    return Starlette(routes=[Route("/serving", guarded(token, serving), methods=["PUT"]), *fault_routes(token, board)])


def fault_routes(token: str, board: FaultBoard) -> list[Route]:
    """Return the routes of the calls that apply, show and revert faults."""
    calls = FaultCalls(board)

    def route(path: str, endpoint: Endpoint, method: str) -> Route:
        return Route(path, guarded(token, endpoint), methods=[method])

    return [
        route("/faults", calls.apply, "POST"),
        route("/faults", calls.active, "GET"),
        route("/faults", calls.revert_all, "DELETE"),
        route("/faults/{number}", calls.state, "GET"),
        route("/faults/{number}", calls.revert, "DELETE"),
    ]


def guarded(token: str, endpoint: Endpoint) -> Endpoint:
    """Wrap `endpoint`: requests without the token get 403."""
    expected = f"Bearer {token}".encode()

    async def call(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"error": "wrong or missing token"}, 403)
        return await endpoint(request)

    return call


class FaultCalls:
    """The calls that concern faults."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    async def apply(self, request: Request) -> Response:
        try:
            return JSONResponse(self._board.apply(await json_object(request)), 201)
        except FaultError as error:
            return bad_request(str(error))

    async def active(self, _: Request) -> Response:
        return JSONResponse(self._board.active())

    async def state(self, request: Request) -> Response:
        state = self._board.state(request.path_params["number"])
        if state is None:
            return JSONResponse({"error": "this process never had that fault"}, 404)
        return JSONResponse(state)

    async def revert(self, request: Request) -> Response:
        self._board.revert(request.path_params["number"])
        return Response(status_code=204)

    async def revert_all(self, _: Request) -> Response:
        self._board.revert_all()
        return Response(status_code=204)


def bad_request(reason: str) -> Response:
    """Return a 400 with the reason in its JSON body."""
    return JSONResponse({"error": reason}, 400)


async def json_object(request: Request) -> dict[str, object]:
    """Return the JSON object in the body; an empty one when the body is anything else."""
    try:
        value = json.loads(await request.body())
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
