"""The live page beside real drills, over HTTP: `gameday run --web`, and `gameday drill --web` with a hidden fault."""

from __future__ import annotations

import http.client
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.gameday import Running, left, running

pytestmark = pytest.mark.slow
LIMIT_S = 300.0
"""A machine with other work is slow; nothing is judged by the time."""
Messages = list[tuple[str, str, Any]]


class Client:
    """A browser without a screen: it has the cookie of the page that a command has named."""

    def __init__(self, one: Running) -> None:
        one.wait_for("token=")
        found = re.search(r"http://127\.0\.0\.1:(\d+)(/\?token=\S+)", "".join(one.lines))
        assert found is not None
        self.port, self.cookie = int(found[1]), ""
        connection = self._connection()
        connection.request("GET", found[2])
        self.cookie = (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)

    def stream(self, until: Callable[[str, Any], bool], last: str = "") -> Messages:
        """Id, kind and data of each message after `last`, to the first one of which `until` is true."""
        connection = self._connection()
        headers = {"Cookie": self.cookie, **({"Last-Event-ID": last} if last else {})}
        connection.request("GET", "/events", headers=headers)
        found: Messages = []
        for message in _messages(connection.getresponse()):
            found.append(message)
            if until(*message[1:]):
                break
        connection.close()
        return found

    def act(self, action: str, **values: str) -> int:
        """Do what a button of the page does; return the status."""
        connection = self._connection()
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        connection.request("POST", f"/act/{action}", json.dumps(values), headers)
        status = connection.getresponse().status
        connection.close()
        return status


def _messages(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str, Any]]:
    fields: dict[str, str] = {}
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}


def of_kind(messages: Messages, kind: str) -> list[Any]:
    return [data for _, each, data in messages if each == kind]


def test_the_page_of_an_automatic_run_has_the_whole_drill_also_for_one_that_comes_back(tmp_path: Path) -> None:
    words = ("run", "--demo", "--only", "VALIDATION_FAIL", "--web", "0", "--out", "run", "--quiet")
    with running(*words, cwd=tmp_path) as one:
        client = Client(one)
        first = client.stream(lambda kind, data: kind == "status" and data["phase"] == "symptoms")
        rest = client.stream(lambda kind, data: kind == "end", last=first[-1][0])
        status, _ = one.end(60)
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    final = of_kind(rest, "status")[-1]
    assert final["verdict"] == result["verdict"]
    assert {0: "passed", 1: "failed", 3: "inconclusive"}[status] == result["verdict"]
    if result["verdict"] != "passed":
        assert final["cause"] in (result["drills"][0]["cause"], "; ".join(result["drills"][0]["why"]))
    numbers = [int(each[0].rpartition("/")[2]) for each in (*first, *rest) if each[0]]
    assert numbers == sorted(set(numbers)), "each message once, in order"
    lines = {each["text"] for each in of_kind([*first, *rest], "line")}
    assert {"baseline: waiting until every SLO holds", "symptoms: waiting for the documented symptoms"} < lines
    executed = [each["line"] for each in of_kind([*first, *rest], "step")]
    drill = result["drills"][0]
    assert executed == [step["line"] for step in (*drill["steps"], *(drill["evidence"] or result["general"]))]
    seconds = {each["at"] for each in of_kind([*first, *rest], "point")}
    assert seconds == set(range(int(min(seconds)), int(max(seconds)) + 1))


def test_a_person_handles_a_hidden_incident_on_the_page(tmp_path: Path) -> None:
    assert any(handled(tmp_path, attempt) for attempt in range(3)), "no incident began: end other work"


def handled(tmp_path: Path, attempt: int) -> bool:
    """Handle one hidden incident; False if its drill ended before, as the services were too slow without a fault."""
    out = tmp_path / f"run-{attempt}"
    words = ("drill", "--demo", "--only", "VALIDATION_FAIL", "--hidden", "--web", "0", "--out", out, "--no-history")
    with running(*words, cwd=tmp_path) as one:
        client = Client(one)
        before = client.stream(lambda kind, data: kind == "end" or (kind == "controls" and data["alerts"]))
        if before[-1][1] == "end":
            return False
        assert client.act("acknowledge") == 200
        assert client.act("acknowledge") == 409, "it is acknowledged already"
        assert client.act("note", by="Ann", text="calm") == 200
        for step in of_kind(before, "plan")[0]["drills"][0]["steps"]:
            if "VALIDATION_STRICT_MODE" in step["text"]:
                assert client.act("step", line=str(step["line"])) == 200
        seen = client.stream(lambda kind, data: kind == "step", last=before[-1][0])
        assert client.act("resolve", text="validation is lenient") == 200
        rest = client.stream(lambda kind, data: kind == "end", last=seen[-1][0])
        status, _ = one.end(60)
    assert "VALIDATION_FAIL" not in json.dumps([each for each in before if each[1] not in ("plan",)])
    assert of_kind(before, "plan")[0]["drills"][0]["id"] == "incident"
    assert of_kind(seen, "step")[-1]["changed"]
    (alert, *_) = of_kind(rest, "alert")
    assert {"acknowledged", "resolved"} <= {each["action"] for each in alert["handled"]}
    result = json.loads((out / "result.json").read_text())
    assert of_kind(rest, "status")[-1]["verdict"] == result["verdict"]
    assert {0: "passed", 1: "failed", 3: "inconclusive"}[status] == result["verdict"]
    return True


def test_an_interrupted_run_ends_its_page_and_everything_else(tmp_path: Path) -> None:
    words = ("run", "--demo", "--only", "VALIDATION_FAIL", "--web", "0", "--out", "run")
    with running(*words, cwd=tmp_path) as one:
        client = Client(one)
        client.stream(lambda kind, data: kind == "status" and data["phase"] == "baseline")
        one.process.send_signal(signal.SIGINT)
        status, _ = one.end(60)
        with pytest.raises(OSError, match="refused"):
            client.act("inject")
    assert status == 3
    assert left(tmp_path) == []
