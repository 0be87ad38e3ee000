"""Who may use the page: requests of its own browser only, by a token in the first URL and then by a cookie.

A page of another site can send requests to a server on loopback, and a name of its own can point there (DNS rebinding).
So foreign Host and Origin headers are refused, the cookie is sent to no other site, and a GET changes nothing.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Access:
    """Where the page is, who may frame it, and its secrets. `host`: the address on which it listens."""

    host: str
    port: int
    frame_port: int | None = None
    """The port on the same host whose pages may show this one in a frame; None: no page may."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """The secret in the first URL."""
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """The secret in the cookie, which therefore is in no history of a browser."""

    @property
    def url(self) -> str:
        """The address of the page, without its token."""
        return f"http://{url_host(self.host)}:{self.port}"

    @property
    def place(self) -> str:
        """The address on which the page listens, also if it is every address."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def first_url(self) -> str:
        """The URL that gives a browser its cookie."""
        return f"{self.url}/?token={quote(self.token)}"

    @property
    def cookie(self) -> str:
        """The name of the cookie; browsers share cookies between the ports of one host."""
        return f"gameday-{self.port}"

    @property
    def sent_cookie(self) -> str:
        """The cookie as a browser sends it."""
        return f"{self.cookie}={self.session}"

    def knows(self, host: str) -> bool:
        """Whether a Host header names this page: loopback, or on another address any address but no foreign name."""
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        return name in LOOPBACK or name == url_host(self.host) or (not _is_loopback(self.host) and _is_address(name))

    def policy(self, host: str) -> str:
        """The Content-Security-Policy for a Host header: own files only, nothing inline, one page that may frame it."""
        own = "script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
        name = host.rpartition(":")[0]
        frame = f"http://{name}:{self.frame_port}" if self.frame_port and self.knows(host) else "'none'"
        return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; frame-ancestors {frame}"


def url_host(host: str) -> str:
    """An address as it stands in a URL; that of this machine for every address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing listens because of this
    return f"[{host}]" if ":" in host else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host.strip("[]")).is_loopback)


class Guard:
    """ASGI middleware that refuses what is not from the page itself, and adds the headers that browsers enforce."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        if scope["type"] != "http":
            return
        request = HTTPConnection(scope)
        answer = self._answer(request, scope["method"])
        await (answer or self._app)(scope, receive, self._with_headers(send, request.headers.get("host", "")))

    def _answer(self, request: HTTPConnection, method: str) -> Response | None:
        """The refusal, or the redirection that sets the cookie; None for a request that is passed on."""
        headers = request.headers
        if not self._access.knows(headers.get("host", "")):
            return _refused("the Host header names another server; use the URL that gameday printed")
        if "origin" in headers and headers["origin"] != f"http://{headers['host']}":
            return _refused("a page of another origin sent this request")
        if method not in ("GET", "HEAD") and "origin" not in headers:
            return _refused("a request that changes something needs an Origin header: it must come from the page")
        given = parse_qs(request.url.query).get("token", [""])[0]
        if given and method == "GET" and request.url.path == "/":
            return self._first(given)
        return None if self._has_cookie(headers) else _refused("open the URL that gameday printed: it has a token")

    def _first(self, given: str) -> Response:
        """Exchange the token of the first URL for the cookie."""
        if not hmac.compare_digest(given.encode(), self._access.token.encode()):
            return _refused("the token is wrong; use the URL that gameday printed")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._access.cookie, self._access.session, httponly=True, samesite="strict", path="/")
        return answer

    def _has_cookie(self, headers: Headers) -> bool:
        given = _cookies(headers.get("cookie", "")).get(self._access.cookie, "")
        return hmac.compare_digest(given.encode(), self._access.session.encode())

    def _with_headers(self, send: Send, host: str) -> Send:
        headers = _headers(self._access.policy(host))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        return sending


def _cookies(header: str) -> Mapping[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _refused(why: str) -> Response:
    return PlainTextResponse(f"refused: {why}\n", 403)


def _headers(policy: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    ]
