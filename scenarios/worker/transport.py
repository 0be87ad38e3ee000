"""What both kinds of connection need of asyncio."""

from __future__ import annotations

import asyncio
import ssl


def tls_context() -> ssl.SSLContext:
    """Certificates are checked; `SSL_CERT_FILE` names further ones to trust."""
    return ssl.create_default_context()


def raise_failure(task: asyncio.Task[None]) -> None:
    """A failure that is none of the server's is the generator's own: the loop's handler ends the process."""
    if not task.cancelled():
        task.result()
