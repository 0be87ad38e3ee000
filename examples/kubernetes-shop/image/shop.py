"""A shop: its pages come from a cache, else from a slow database with a limited number of connections."""

import http.client
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CACHE = os.environ["CACHE"]
CONNECTIONS = int(os.environ.get("DATABASE_CONNECTIONS", "3"))
QUERY_S, PATIENCE_S = 0.12, 2.0
database = threading.Semaphore(CONNECTIONS)
queries = 0


def cached(method: str, path: str, text: bytes | None = None) -> bytes | None:
    """The answer of the cache; None without one."""
    connection = http.client.HTTPConnection(CACHE, timeout=0.5)
    try:
        connection.request(method, path, text)
        answer = connection.getresponse()
        found = answer.read()
        return found if answer.status == 200 else None
    except OSError as error:
        sys.stdout.write(f"cache {method} failed: {error}\n")
        return None
    finally:
        connection.close()


def queried(path: str) -> bytes | None:
    """The page from the database; None if no connection becomes free in time."""
    global queries  # noqa: PLW0603  one counter in a small program
    if not database.acquire(timeout=PATIENCE_S):
        return None
    try:
        if page := cached("GET", path):  # another request has queried it meanwhile
            return page
        time.sleep(QUERY_S)
        queries += 1
        return f"page {path}\n".encode()
    finally:
        database.release()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.answer(200, b"ok\n")
        elif self.path == "/metrics":
            self.answer(200, f"# TYPE queries_total counter\nqueries_total {queries}\n".encode())
        elif (page := cached("GET", self.path)) or (page := self.fresh()):
            self.answer(200, page)
        else:
            self.answer(503, b"the database is busy\n")

    def fresh(self) -> bytes | None:
        page = queried(self.path)
        if page:
            cached("PUT", self.path, page)
        return page

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


Server(("", 8080), Handler).serve_forever()
