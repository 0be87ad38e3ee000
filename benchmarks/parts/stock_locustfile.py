"""Stock locust as commonly used: closed users with a constant throughput, which wait for their answers.

STOCK_RATE is the rate of all users together, STOCK_USERS their number, STOCK_PACE `even` or `constant_throughput`, and
STOCK_COUNT the file for the number of requests begun.
"""

import os
import time
from pathlib import Path

import gevent
from locust import FastHttpUser, constant_throughput, events, task

from benchmarks.parts import work

USERS = int(os.environ["STOCK_USERS"])
PACE = os.environ["STOCK_PACE"]
PERIOD_S = USERS / float(os.environ["STOCK_RATE"])
by_throughput = constant_throughput(1 / PERIOD_S)


class Closed(FastHttpUser):
    """A user that sends the work of the benchmarks."""

    begun = started = 0
    turn_s = 0.0

    def on_start(self) -> None:
        """Delay the start, so that users are spread evenly."""
        Closed.started += 1
        self.turn_s = time.monotonic() + Closed.started * PERIOD_S / USERS
        gevent.sleep(self.turn_s - time.monotonic())

    def wait_time(self) -> float:
        """Return the seconds until this user's next turn; turns are a fixed time apart, however long a request took.

        Locust's `constant_throughput` counts from the previous turn, so users whose turns once coincided stay together.
        """
        if PACE == "constant_throughput":
            return float(by_throughput(self))
        self.turn_s += PERIOD_S
        return max(0.0, self.turn_s - time.monotonic())

    @task
    def work(self) -> None:
        """Send one request; a wrong answer is a failure in locust's statistics."""
        Closed.begun += 1
        with self.client.post(
            work.PATH, data=work.body(Closed.begun).decode(), headers=work.HEADERS, catch_response=True
        ) as answer:
            if not work.good(answer.status_code, answer.content or b""):
                answer.failure("wrong answer")


def write_count(**_: object) -> None:
    """Write the number of requests begun, including those outstanding at the end."""
    Path(os.environ["STOCK_COUNT"]).write_text(str(Closed.begun))


events.quit.add_listener(write_count)  # type: ignore[no-untyped-call]  # locust leaves it unannotated
