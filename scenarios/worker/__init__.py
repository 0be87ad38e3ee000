"""The fast worker: runs a scenario on asyncio and uvloop, alone, for the harness or under a locust master."""
