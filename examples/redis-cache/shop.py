"""The web app of the example: pages of products, from a database that is slow, with a cache in front of it.

`GET /products/NUMBER`: a page. `GET /healthz`: whether this process answers; it works without its cache, slower.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis_client import Redis, RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

QUERY_S = 0.08
"""How long the database takes for one page."""
KEEP_S = 3
"""How long a page stays in the cache."""
PAGE, SESSION = "p" * 4000, "s" * 8000

cache = Redis(
    os.environ["CACHE_SERVICE_HOST"],
    int(os.environ["CACHE_SERVICE_PORT"]),
    timeout_s=int(os.environ["CACHE_TIMEOUT_MS"]) / 1000,
)
database = asyncio.Semaphore(int(os.environ["DATABASE_CONNECTIONS"]))
counts = {"hit": 0, "miss": 0, "error": 0}


async def product(request: Request) -> Response:
    """Answer with a page, from the cache if it has it, and note the visit."""
    await put(f"session:{request.headers.get('X-Visitor', 'unknown')}", SESSION)  # for ever: this is the defect
    key = f"product:{request.path_params['number']}"
    page = await cached(key)
    if page is None:
        page = await from_database(key)
        await put(key, page, "EX", str(KEEP_S))
    return PlainTextResponse(page)


async def cached(key: str) -> str | None:
    """Return a page of the cache; None when it does not have it, or does not answer."""
    try:
        page = await cache.command("GET", key)
    except (OSError, RedisError) as error:
        failed("GET", error)
        return None
    counts["miss" if page is None else "hit"] += 1
    return page


async def put(*words: str) -> None:
    """Put a value into the cache, if it takes it."""
    try:
        await cache.command("SET", *words)
    except (OSError, RedisError) as error:
        failed("SET", error)


async def from_database(key: str) -> str:
    """Return a page of the database, which serves a limited number of queries at a time."""
    async with database:
        await asyncio.sleep(QUERY_S)
    return f"{key}\n{PAGE}"


def failed(command: str, error: Exception) -> None:
    """Count and log a failure of the cache."""
    counts["error"] += 1
    sys.stderr.write(f"WARNING cache {command} failed: {error}\n")


async def healthz(_: Request) -> Response:
    """Answer a health check."""
    return PlainTextResponse("ok\n")


async def metrics(_: Request) -> Response:
    """Answer with the counts of the cache's results as Prometheus text."""
    lines = [f'cache_requests_total{{result="{result}"}} {count}' for result, count in counts.items()]
    return PlainTextResponse("\n".join(["# TYPE cache_requests_total counter", *lines, ""]))


@asynccontextmanager
async def connected(_: Starlette) -> AsyncIterator[None]:
    """Close the connections to the cache at the end."""
    yield
    cache.close()


app = Starlette(
    routes=[Route("/products/{number:int}", product), Route("/healthz", healthz), Route("/metrics", metrics)],
    lifespan=connected,
)
