"""What a closed load cannot measure, in words. Pure."""

from __future__ import annotations


def understated(users: int) -> str:
    """Why latencies under a closed load are too low while the service is slow."""
    return (
        f"closed load: each of {users} users waits for its answer before it sends again. While the service stalls, few "
        "requests are sent, so P95 and error rates of the incident are understated (coordinated omission); "
        "`loads:` in gameday.yaml sends at a rate that does not depend on the answers"
    )
