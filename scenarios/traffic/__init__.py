"""What makes the arrivals, on whatever engine: callbacks on sockets and timers, neither asyncio nor gevent."""
