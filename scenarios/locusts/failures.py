"""The kind of bad of a request that locust reports as failed."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import requests
import urllib3
from geventhttpclient.response import HTTPConnectionClosed

from scenarios.generator.exchange import kind_of

_TIMEOUTS = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError, gevent.Timeout)
_RESETS = (HTTPConnectionClosed, urllib3.exceptions.ProtocolError, requests.exceptions.ChunkedEncodingError)


def kind_of_failure(exception: BaseException, response: object) -> str:
    """Return `http_STATUS` for an answer of 400 or above, else the kind of the transport error, else `error`.

    `error` is also what a locustfile marked as failed by itself.
    """
    status = getattr(response, "status_code", 0) or 0
    if status >= 400:
        return f"http_{status}"
    return next((kind for each in _causes(exception) if (kind := _kind(each)) != "error"), "error")


def _kind(error: BaseException) -> str:
    if isinstance(error, _TIMEOUTS):
        return "timeout"
    if isinstance(error, OSError) and (kind := kind_of(error)) != "error":
        return kind
    return "reset" if isinstance(error, _RESETS) else "error"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those from which it came: the libraries wrap the error of the socket several times."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
