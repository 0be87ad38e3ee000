"""Recognises HTTP/1 on a forwarded connection."""

from __future__ import annotations

import re

_REQUEST = re.compile(rb"([A-Z]+) [^\r\n ]+ HTTP/1\.[01]\r\n")


def method(request: bytes) -> str:
    """The method of the HTTP/1 request that begins with these bytes; "" for TLS, HTTP/2 and other protocols."""
    found = _REQUEST.match(request)
    return found[1].decode() if found else ""
