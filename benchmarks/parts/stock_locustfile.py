"""Stock locust as people use it: closed users, each with a constant throughput, that wait for their answers.

STOCK_RATE is that of all users together, STOCK_USERS their number, STOCK_PACE `even` or `constant_throughput`, and
STOCK_COUNT the file that takes how many requests were begun.
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
    """Sends the work of the benchmarks."""

    begun = came = 0
    turn_s = 0.0

    def on_start(self) -> None:
        """Users begin evenly spread."""
        Closed.came += 1
        self.turn_s = time.monotonic() + Closed.came * PERIOD_S / USERS
        gevent.sleep(self.turn_s - time.monotonic())

    def wait_time(self) -> float:
        """Seconds until this user's next turn, of turns that are a fixed time apart whatever happened in between.

        Locust's `constant_throughput` counts from the turn before: users whose turns met once stay together, in bursts.
        """
        if PACE == "constant_throughput":
            return float(by_throughput(self))
        self.turn_s += PERIOD_S
        return max(0.0, self.turn_s - time.monotonic())

    @task
    def work(self) -> None:
        """One request; a wrong answer is a failure in locust's statistics."""
        Closed.begun += 1
        with self.client.post(
            work.PATH, data=work.body(Closed.begun).decode(), headers=work.HEADERS, catch_response=True
        ) as answer:
            if not work.good(answer.status_code, answer.content or b""):
                answer.failure("wrong answer")


def tell(**_: object) -> None:
    """Tells how many requests were begun, those that were cut off at the end included."""
    Path(os.environ["STOCK_COUNT"]).write_text(str(Closed.begun))


events.quit.add_listener(tell)  # type: ignore[no-untyped-call]  # locust leaves it unannotated
