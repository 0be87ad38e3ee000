#!/usr/bin/env bash
# One would guess: with --stop-timeout, requests that end in that time after a distributed headless run are in its final statistics.
# What happens: the workers wait for them as asked, but the master waits 0.5 s for the last reports and writes the statistics without
# them. The same run in one process has all of them.
# Version: locust 2.47.0. Source: locust/runners.py, `MasterRunner.quit`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cat > "$folder/locustfile.py" <<'PYTHON'
import gevent
from locust import User, task


class Slow(User):
    @task
    def work(self) -> None:
        gevent.sleep(3)
        self.environment.events.request.fire(
            request_type="WORK", name="work", response_time=3000, response_length=0, exception=None, context={}
        )
        with open("done", "a") as file:
            file.write("1\n")
PYTHON
cat > "$folder/compare.py" <<'PYTHON'
import json
import subprocess
import sys
from pathlib import Path
from socket import socket


def run(*options: str) -> tuple[int, int]:
    """Return how many pieces of work were done, and how many of them are in the final statistics."""
    with socket() as made:
        made.bind(("127.0.0.1", 0))
        port = str(made.getsockname()[1])
    Path("done").write_text("")
    base = [sys.executable, "-m", "locust", "-f", "locustfile.py"]
    ending = ["--headless", "-u", "5", "-r", "5", "-t", "5s", "--stop-timeout", "20", "--only-summary", "--json-file", "stats"]
    here = [] if not options else ["--master", "--expect-workers", "1", "--master-bind-port", port]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    worker = subprocess.Popen([*base, "--worker", "--master-port", port], **quiet) if options else None
    subprocess.run([*base, *here, *ending], check=True, timeout=90, **quiet)
    if worker is not None:
        worker.wait(60)
    rows = json.loads(Path("stats.json").read_text())
    return len(Path("done").read_text().split()), sum(row["num_requests"] for row in rows)


alone, distributed = run(), run("distributed")
print(f"locust 2.47.0, one process: {alone[0]} done, {alone[1]} in the statistics; master and worker: {distributed[0]} and {distributed[1]}")
assert alone[0] == alone[1] == 10
assert distributed[0] == 10
assert distributed[1] == 5
PYTHON
cd "$folder"
"$folder/venv/bin/python" compare.py
