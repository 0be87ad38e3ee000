"""A locustfile that knows nothing of this project, run by locust as the harness runs it, against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.errors import PlatformError
from harness.load.worker import LOCUST, WorkerLoad
from tests.scenarios.test_from_bindings import Recorder
from tests.support.network import free_port
from tests.support.scenarios import Scenario
from tests.support.waiting import wait_until

PLAIN = """
import os
from locust import HttpUser, FastHttpUser, LoadTestShape, constant, task
from scenarios.basket import ITEM

class Shopper(HttpUser):
    wait_time = constant(0.02)

    @task(3)
    def look(self):
        self.client.get("/item/7", name="item")

    @task
    def buy(self):
        assert os.path.exists("prices.csv"), "the working directory is that of the file"
        with self.client.post("/cart", json={"item": ITEM}, catch_response=True) as answer:
            if answer.status_code == 418:
                answer.failure("no coffee")
            if answer.status_code == 503:
                {}["missing"]
"""
either_client = pytest.mark.parametrize("client", ["HttpUser", "FastHttpUser"])


def outstanding(load: Scenario) -> int:
    return int(load.total("shopping") - load.total("shopping", key="ok"))


def fast(client: str) -> str:
    return PLAIN.replace("Shopper(HttpUser)", f"Shopper({client})")


@contextmanager
def running(folder: Path, text: str, host: str, users: int = 4) -> Iterator[Scenario]:
    """A locustfile with a stream."""
    also = {"GAMEDAY_USERS": str(users), "GAMEDAY_SPAWN_RATE": str(users)}
    load = Scenario(str(written(folder, text)), host, folder, engine=LOCUST, also=also)
    try:
        yield load
    finally:
        load.kill()


def written(folder: Path, text: str) -> Path:
    """The locustfile, beside a file that it reads and a package with the name of one of ours."""
    (folder / "shop" / "scenarios").mkdir(parents=True)
    (folder / "shop" / "scenarios" / "basket.py").write_text("ITEM = 1", encoding="utf-8")
    (folder / "shop" / "prices.csv").touch()
    (folder / "shop" / "shopping.py").write_text(text, encoding="utf-8")
    return folder / "shop" / "shopping.py"


@pytest.mark.parametrize("client", ["HttpUser", pytest.param("FastHttpUser", marks=pytest.mark.slow)])
def test_requests_count_in_a_series_of_the_file_and_of_their_name(tmp_path: Path, client: str) -> None:
    with Recorder(cart=404) as server, running(tmp_path, fast(client), server.url) as load:
        assert load.hello | {"pid": 0, "admin": ""} == {
            "ev": "hello", "scenario": "shopping", "series": ["shopping"], "slice_s": 0.25, "engine": "locust, 4 users",
            "tick_ms": 0.0, "pid": 0, "admin": "",
        }  # fmt: skip
        wait_until(lambda: load.total("/cart") > 20, "requests of both names")
        assert load.finish() == 0
    total, item, cart = (load.total(series) for series in ("shopping", "item", "/cart"))
    assert total == item + cart == load.lines[-1]["sent"]
    assert load.total("item", key="ok") == sum(load.total("item", key="hist").values()) >= item - 4
    assert load.total("/cart", key="bad")["http_404"] >= cart - 4
    unfinished = load.total("shopping", key="bad")["unfinished"]
    assert total - unfinished <= len(server.requests) <= total


@pytest.mark.slow
@either_client
def test_request_that_hangs_is_outstanding_from_its_begin(tmp_path: Path, client: str) -> None:
    with Recorder() as server, running(tmp_path, fast(client), server.url) as load:
        wait_until(lambda: load.total("shopping", key="ok") > 20, "answers before the stall")
        server.hang = True
        wait_until(lambda: load.total("shopping", key="over")["500"] >= 4, "a request of each user over 500 ms")
        assert outstanding(load) == 4, "closed: no user sends another one"
        assert load.finish() == 0
    assert load.total("shopping", key="bad") == {"unfinished": 4}
    assert load.lines[-1]["outstanding"] == 4


@pytest.mark.slow
@either_client
def test_failure_has_its_kind(tmp_path: Path, client: str) -> None:
    """A request that was answered while the file's own code failed is counted; a refused connection never left."""
    with Recorder() as server, running(tmp_path, fast(client), server.url) as load:
        wait_until(lambda: load.total("/cart", key="ok"), "good answers")
        server.statuses["cart"] = 418
        wait_until(lambda: load.total("/cart", key="bad")["http_418"], "a failed status")
        server.statuses["cart"] = 503
        wait_until(lambda: load.total("/cart", key="bad")["scenario_error"], "an exception of the file")
        assert load.finish() == 0
    (tmp_path / "refused").mkdir()
    with running(tmp_path / "refused", fast(client), f"http://127.0.0.1:{free_port()}") as load:
        wait_until(lambda: load.total("item", key="bad")["refused"] > 3, "refused requests")
        assert load.finish() == 0
    assert load.total("item", key="unsent") >= load.total("item", key="bad")["refused"]


@pytest.mark.slow
def test_server_that_resets_and_a_timeout_have_their_kinds(tmp_path: Path) -> None:
    text = PLAIN.replace('name="item")', 'name="item", timeout=0.2)')
    with Recorder() as server, running(tmp_path, text, server.url) as load:
        server.hang = True
        wait_until(lambda: load.total("item", key="bad")["timeout"], "a timeout")
        server.hang, server.reset = False, True
        wait_until(lambda: load.total("item", key="bad")["reset"], "a reset connection")
        assert load.finish() == 0


@pytest.mark.slow
def test_surge_multiplies_the_users_and_its_end_cuts_no_request_off(tmp_path: Path) -> None:
    with Recorder() as server, running(tmp_path, PLAIN, server.url) as load:
        wait_until(lambda: load.total("shopping", key="ok") > 20, "answers")
        surge = {"name": "surge", "factor": 3, "max_duration_s": 60}
        assert load.admin("POST", "/faults", surge)[0] == 201
        wait_until(lambda: '"Shopper": 12} (12 total' in load.stderr.read_text(), "twelve users")
        server.hang = True
        wait_until(lambda: outstanding(load) == 12, "a request of each of twelve users")
        assert load.admin("DELETE", "/faults")[0] == 204
        wait_until(
            lambda: "Ramping to 4 users" in load.stderr.read_text().split("(12 total")[-1], "the end of the surge"
        )
        server.hang = False
        wait_until(lambda: '"Shopper": 4} (4 total' in load.stderr.read_text().split("(12 total")[-1], "four users")
        server.hang = True
        wait_until(lambda: outstanding(load) == 4, "a request of each of four users")
        assert not load.total("shopping", key="bad")
        status, answer = load.admin("POST", "/faults", {**surge, "name": "crowd"})
        assert (status, "knows surge" in answer["error"]) == (400, True)
        assert load.finish() == 0


@pytest.mark.slow
def test_request_of_another_client_counts_when_it_ends(tmp_path: Path) -> None:
    text = PLAIN.replace(
        'self.client.get("/item/7", name="item")',
        'self.environment.events.request.fire(request_type="X", name="item", response_time=250, response_length=0)',
    )
    with Recorder() as server, running(tmp_path, text, server.url) as load:
        wait_until(lambda: load.total("item", key="ok") > 3, "events")
        assert load.finish() == 0
    assert set(load.total("item", key="hist")) == {"2792"}, "the bucket of 250 ms"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            ("/item/7", "http://shop.example.com/item/7"),
            "sends to shop.example.com, but the service of this drill is at",
        ),
        (("class Shopper(HttpUser)", "class Shopper:\n    pass\nclass None_(object)"), "No User class found!"),
        (("    @task\n", "    @tsk\n"), "NameError: name 'tsk' is not defined"),
        (
            ("import os\n", "import os, locust\nclass Wave(locust.LoadTestShape):\n    def tick(self): return 1, 1\n"),
            "the load shape Wave would change the users in the drill: remove it",
        ),
    ],
)
def test_load_that_cannot_start_or_leaves_the_platform_says_why(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    file = written(tmp_path, PLAIN.replace(*change))
    with Recorder() as server:
        settings = {"GAMEDAY_HOST": server.url, "GAMEDAY_USERS": "2", "GAMEDAY_SPAWN_RATE": "2"}
        load = WorkerLoad(file, settings, tmp_path / "load.log", LOCUST)
        ended: list[str] = []
        try:
            load.start(lambda message: None, ended.append)
            wait_until(lambda: ended, "the end of the load")
        except PlatformError as error:
            ended.append(str(error))
        finally:
            load.stop()
    assert why in ended[0]
    assert not server.requests or "example" not in why
