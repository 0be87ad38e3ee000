"""A shop: its pages come from a cache, else from a slow database with a limited number of connections."""

import http.client
import os
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CACHE = os.environ["CACHE"]
CACHE_S, QUERY_S, PATIENCE_S, WARM_S = 0.2, 0.12, 2.0, 12.0
SHELVES = ("/books", "/music", "/films", "/games")
database = threading.Semaphore(int(os.environ.get("DATABASE_CONNECTIONS", "3")))
queries = 0


def cache(method: str, path: str, text: bytes | None = None) -> bytes | None:
    """The page that the cache has; None without one. Raises OSError when it does not answer."""
    connection = http.client.HTTPConnection(CACHE, timeout=CACHE_S)
    try:
        connection.request(method, path, text)
        answer = connection.getresponse()
        found = answer.read()
        return found if answer.status == 200 else None
    finally:
        connection.close()


def query(path: str) -> bytes | None:
    """The page from the database; None if no connection becomes free in time."""
    global queries  # noqa: PLW0603  one counter in a small program
    if not database.acquire(timeout=PATIENCE_S):
        return None
    try:
        time.sleep(QUERY_S)
        queries += 1
        return f"page {path}\n".encode()
    finally:
        database.release()


def page(path: str) -> bytes | None:
    """A page from the cache, else from the database; it is in the cache from then on."""
    try:
        found = cache("GET", path)
    except OSError as error:
        sys.stdout.write(f"cache GET failed: {error}\n")
        return query(path)
    if found is None and (found := query(path)):
        with suppress(OSError):
            cache("PUT", path, found)
    return found


def warm() -> None:
    """Fill the cache, so that the first visitors do not all wait for the database; for a moment only."""
    until = time.monotonic() + WARM_S
    for path in SHELVES:
        while time.monotonic() < until:
            with suppress(OSError):
                if cache("GET", path) is None:
                    cache("PUT", path, query(path))
                break
            time.sleep(0.2)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, b"ok\n")
        elif self.path == "/metrics":
            self.answer(200, f"# TYPE queries_total counter\nqueries_total {queries}\n".encode())
        elif found := page(self.path):
            self.answer(200, found)
        else:
            self.answer(503, b"the database is busy\n")

    def answer(self, status: int, text: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


warm()
Server(("", 8080), Handler).serve_forever()
