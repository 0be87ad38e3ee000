"""A stock locust load as in most locustfiles: closed users, each with about one request per second."""

from __future__ import annotations

import random
import time

from locust import FastHttpUser, constant_throughput, task


class Caller(FastHttpUser):
    """A user with one `POST /infer` a second, less when one takes longer; 150 users make 150 requests/s."""

    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        """Delay the start by a random time: otherwise all users would send at the same moment."""
        time.sleep(random.random())

    @task
    def infer(self) -> None:
        """Send one request."""
        self.client.post("/infer", json={})
