"""The fast worker: a scenario driven by one process on asyncio and uvloop, for the harness or under a locust master."""
