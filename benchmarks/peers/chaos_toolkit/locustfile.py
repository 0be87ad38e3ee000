"""A stock locust load: closed users, each about once a second, as most locustfiles are. No clock of ours, no stream."""

from __future__ import annotations

import random
import time

from locust import FastHttpUser, constant_throughput, task


class Caller(FastHttpUser):
    """One `POST /infer` a second, later when the one before takes longer; 150 of them make 150 a second."""

    wait_time = constant_throughput(1)

    def on_start(self) -> None:
        """Users who begin together would call in step, 150 in one moment and none until the next."""
        time.sleep(random.random())  # a phase, no secret

    @task
    def infer(self) -> None:
        """One job."""
        self.client.post("/infer", json={})
