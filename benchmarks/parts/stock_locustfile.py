"""Stock locust as people use it: closed users, each with a constant throughput, that wait for their answers.

STOCK_RATE is that of all users together, STOCK_USERS their number; STOCK_COUNT is the file that takes how many requests were begun.
"""

import os
from pathlib import Path

import gevent
from locust import FastHttpUser, constant_throughput, events, task

from benchmarks.parts import work

USERS = int(os.environ["STOCK_USERS"])
RATE = float(os.environ["STOCK_RATE"])


class Closed(FastHttpUser):
    """Sends the work of the benchmarks."""

    wait_time = constant_throughput(RATE / USERS)
    begun = came = 0

    def on_start(self) -> None:
        """Users begin evenly spread: in step they would send bursts, which cost less and are no arrivals at a fixed rate."""
        Closed.came += 1
        gevent.sleep(Closed.came / RATE)

    @task
    def work(self) -> None:
        """One request; a wrong answer is a failure in locust's statistics."""
        Closed.begun += 1
        with self.client.post(
            work.PATH, data=work.body(Closed.begun), headers=work.HEADERS, catch_response=True
        ) as answer:
            if not work.good(answer.status_code, answer.content or b""):
                answer.failure("wrong answer")


@events.quit.add_listener
def tell(**_: object) -> None:
    """Tells how many requests were begun, those that were cut off at the end included."""
    Path(os.environ["STOCK_COUNT"]).write_text(str(Closed.begun))
