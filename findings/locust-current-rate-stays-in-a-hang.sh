#!/usr/bin/env bash
# One would guess: when the service stops answering, "current RPS" in locust's web UI falls to 0 within its window of ten seconds.
# What happens: it stays what it was, for as long as nothing ends, with 0 failures: the window ends at the last finished request and
# not now. (HttpUser has no timeout by default, so in a total hang nothing ever ends.)
# Version: locust 2.47.0. Source: locust/stats.py, `StatsEntry.current_rps`, which reads `stats.last_request_timestamp`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cat > "$folder/hang.py" <<'PYTHON'
import gevent
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from locust import HttpUser, constant, task
from locust.env import Environment

silent = Event()


def answer(environ: dict, start_response) -> list[bytes]:
    if silent.is_set():
        gevent.sleep(3600)
    start_response("200 OK", [])
    return [b"ok"]


server = WSGIServer(("127.0.0.1", 0), answer, log=None)
server.start()


class Asking(HttpUser):
    host = f"http://127.0.0.1:{server.server_port}"
    wait_time = constant(0.1)

    @task
    def ask(self) -> None:
        self.client.get("/")


environment = Environment(user_classes=[Asking])
runner = environment.create_local_runner()
runner.start(10, spawn_rate=10)
gevent.sleep(15)
before = environment.stats.total.current_rps
silent.set()
gevent.sleep(20)
total = environment.stats.total
print(f"locust 2.47.0: {before:.0f} requests/s; after 20 s without a single answer {total.current_rps:.0f}/s, {total.num_failures} failures")
assert before > 50
assert abs(total.current_rps - before) < 0.3 * before
assert total.num_failures == 0
PYTHON
"$folder/venv/bin/python" "$folder/hang.py"
