"""What makes the arrivals, on whatever engine: it is callbacks on sockets and timers, and knows neither asyncio nor gevent."""
