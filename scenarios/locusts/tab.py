"""The Gameday tab of locust's web UI: it frames the page of `gameday ui`, whose URL is in GAMEDAY_PAGE.

A tab that is added by `extended_tabs` shows a table and nothing else, and only while there is a run. So a script of our
own fills its panel with a frame, and puts a link into the start form.

While it shows the tab, locust's web UI answers only who may open that page: requests with the page's cookie, which
browsers send to every port of a host. Without the tab it has no such check, as usual.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import gevent
from flask import Response, request
from flask.typing import ResponseReturnValue
from locust.env import Environment

VARIABLE, COOKIE_VARIABLE = "GAMEDAY_PAGE", "GAMEDAY_PAGE_COOKIE"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEY, TITLE = "gameday", "Gameday"
SCRIPT = "/gameday-tab.js"
PARENT_CHECK_S = 1.0
FILE = Path(__file__).parent / "tab.js"


def add(environment: Environment, environ: Mapping[str, str]) -> None:
    """Add the tab, if there is a page to show and a web UI."""
    page, ui = environ.get(VARIABLE), environment.web_ui
    if not page or ui is None or ui.app is None:
        return
    ui.template_args["extended_tabs"] = [{"title": TITLE, "key": KEY}]
    address = urlsplit(page)
    name, _, secret = environ.get(COOKIE_VARIABLE, "").partition("=")
    ui.app.before_request(partial(_refusal, address.hostname or "", name, secret))
    ui.app.after_request(partial(_with_script, f'<script src=".{SCRIPT}" data-port="{address.port}" defer></script>'))
    ui.app.add_url_rule(SCRIPT, "gameday_tab", _script)
    gevent.spawn(_end_with, os.getppid())


def _end_with(parent: int) -> None:
    """End locust when the process that started it has ended, which could not end it."""
    while os.getppid() == parent:
        gevent.sleep(PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _script() -> Response:
    return Response(FILE.read_text(encoding="utf-8"), mimetype="text/javascript")


def _refusal(page_host: str, cookie: str, secret: str) -> ResponseReturnValue | None:
    """Refuse a request of another site's page, one under a name that is not this machine's (DNS rebinding), and one
    without the cookie.

    `page_host`: where the page listens. If not on loopback, an address is no foreign name. An empty `secret` is in no
    cookie: then everything is refused.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    if host not in (*LOOPBACK, page_host) and not (page_host not in LOOPBACK and _is_address(host)):
        return "refused: the Host header names another server\n", 403
    if request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
        return "refused: a page of another origin sent this request\n", 403
    given = request.cookies.get(cookie, "")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        return "refused: open the URL that gameday printed, and follow its link to locust\n", 403
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _with_script(tag: str, response: Response) -> Response:
    """Add the script to locust's index page."""
    if request.path == "/" and response.mimetype == "text/html":
        response.set_data(response.get_data(as_text=True).replace("</body>", f"{tag}</body>"))
    return response
