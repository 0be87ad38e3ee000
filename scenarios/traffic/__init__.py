"""Generate arrivals by callbacks on sockets and timers; independent of the engine, asyncio or gevent."""
