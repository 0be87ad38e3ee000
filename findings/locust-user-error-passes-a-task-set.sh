#!/usr/bin/env bash
# One would guess: `user_instance` of the event user_error is the user, as its documentation says ("User class instance where the exception
# occurred"), and a request whose check in a `catch_response` block raises an exception is counted as a failure.
# What happens: for an exception in a task, `user_instance` is the TaskSet, also for tasks of a user class itself. And the request of such a
# block is in no statistics at all: neither its count nor a failure.
# Version: locust 2.47.0. Source: locust/user/task.py, `TaskSet.run`; locust/clients.py, `ResponseContextManager.__exit__`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cat > "$folder/program.py" <<'PYTHON'
from locust import HttpUser, events, task
from locust.env import Environment
import gevent
from gevent.pywsgi import WSGIServer

asked, passed = [], set()


def answer(environ, start_response):
    asked.append(environ["PATH_INFO"])
    start_response("200 OK", [])
    return [b"{}"]


class Shopper(HttpUser):
    @task
    def buy(self):
        with self.client.get("/cart", catch_response=True) as found:
            found.json()["item"]


server = WSGIServer(("127.0.0.1", 0), answer, log=None)
server.start()
Shopper.host = f"http://127.0.0.1:{server.server_port}"
environment = Environment(user_classes=[Shopper], events=events)
events.user_error.add_listener(lambda user_instance, **_: passed.add(type(user_instance).__name__))
environment.create_local_runner().start(1, spawn_rate=1)
gevent.sleep(2)
environment.runner.quit()
total = environment.stats.total
print(f"locust 2.47.0: user_error passes {passed}; {len(asked)} requests answered, {total.num_requests} counted, {total.num_failures} failed")
assert passed == {"DefaultTaskSet"}
assert len(asked) > 0
assert total.num_requests == total.num_failures == 0
PYTHON
"$folder/venv/bin/python" "$folder/program.py" 2> /dev/null
