#!/usr/bin/env bash
# One would guess: when a worker of a distributed run is killed, the master gives its users to the workers that are left as soon as it
# reports the worker as missing, some five seconds later.
# What happens: the users of the lost worker are gone for another minute, so a run of 10 users goes on with 5 and says so nowhere but
# in the user count. Only with `--enable-rebalancing`, off by default and marked experimental, they move when the worker is missing.
# Version: locust 2.47.0. Source: locust/runners.py, `MasterRunner.heartbeat_worker` (HEARTBEAT_LIVENESS, HEARTBEAT_DEAD_INTERNAL).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cat > "$folder/locustfile.py" <<'PYTHON'
from locust import User, constant, task


class Waiting(User):
    wait_time = constant(1)

    @task
    def nothing(self) -> None:
        pass
PYTHON
cat > "$folder/watch.py" <<'PYTHON'
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from socket import socket


def free_port() -> int:
    with socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


def run(*options: str) -> tuple[list[str], int, int]:
    """Return the states of the workers 12 s after one was killed, and the users before and then."""
    port, web = str(free_port()), free_port()
    base = [sys.executable, "-m", "locust", "-f", "locustfile.py"]
    page = f"http://127.0.0.1:{web}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    master = subprocess.Popen([*base, "--master", "--master-bind-port", port, "--web-port", str(web), *options], **quiet)
    workers = [subprocess.Popen([*base, "--worker", "--master-port", port], **quiet) for _ in range(2)]

    def stats() -> dict:
        try:
            return json.load(urllib.request.urlopen(f"{page}/stats/requests"))
        except OSError:
            return {"workers": [], "user_count": 0}

    def wait(condition: Callable[[dict], bool]) -> None:
        limit_s = time.monotonic() + 60
        while not condition(stats()):
            assert time.monotonic() < limit_s, stats()
            time.sleep(0.2)

    try:
        wait(lambda seen: len(seen["workers"]) == 2)
        form = urllib.parse.urlencode({"user_count": 10, "spawn_rate": 10}).encode()
        urllib.request.urlopen(f"{page}/swarm", form).read()
        wait(lambda seen: seen["user_count"] == 10)
        os.kill(workers[0].pid, signal.SIGKILL)
        time.sleep(12)
        after = stats()
        return sorted(each["state"] for each in after["workers"]), 10, after["user_count"]
    finally:
        for process in (master, *workers):
            process.kill()
            process.wait()


for options, left in (((), 5), (("--enable-rebalancing",), 10)):
    states, before, after = run(*options)
    print(f"locust 2.47.0 {' '.join(options) or 'by default'}: 12 s after a worker was killed {states}, {after} of {before} users")
    assert (states, after) == (["missing", "running"], left)
PYTHON
cd "$folder"
"$folder/venv/bin/python" watch.py
