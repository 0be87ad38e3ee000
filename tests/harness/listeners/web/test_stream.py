"""The stream of messages: a page that comes or comes back has the whole drill, and a slow one delays no other."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from harness.gameday.judging import LiveJudges
from harness.listeners.web.feed import Feed
from harness.listeners.web.messages import Messages
from harness.record.event import Event
from harness.record.events import DrillEnded, RunEnded
from harness.record.incident import AlertRaised
from tests.support.hostile import CONTROL
from tests.support.live_page import PLAN, fill, served
from tests.support.simulated_drill import World, incident, ran


def test_a_page_that_opens_late_has_the_whole_drill(tmp_path: Path) -> None:
    with served() as page:
        fill(page.feed, World(tmp_path, incident))
        found = page.messages()
    kinds = [kind for _, kind, _ in found]
    assert kinds[:2] == ["run", "plan"]
    assert found[1][2] == PLAN
    status = next(data for _, kind, data in found if kind == "status")
    assert (status["verdict"], status["phases"][-1]) == ("passed", "after-revert")
    assert [sli["objective"] for sli in status["slis"]] == ["availability(gateway) >= 99%"]
    steps = [data for _, kind, data in found if kind == "step"]
    assert [(each["line"], each["changed"]) for each in steps] == [(30, ["deployment/web replicas 1 -> 3"])]
    lines = [data["text"] for _, kind, data in found if kind == "line"]
    assert [text for text in lines if "recovered" in text]
    assert kinds.count("status") == 1, "an earlier state of the drill is no news"


def test_what_prometheus_fires_is_a_line_and_no_alert_with_clocks() -> None:
    feed = Feed("run")
    messages = Messages(LiveJudges().of, feed)
    for source in ("slo", "prometheus"):
        messages(AlertRaised(alert=source, priority="P0", text=f"raised by {source}", source=source))
    found = feed.after(0)
    assert [json.loads(each.data)["alert"] for each in found if each.kind == "alert"] == ["slo"]
    assert [json.loads(each.data)["text"] for each in found if each.kind == "line"] == [
        "alert P0: raised by slo", "alert P0: raised by prometheus"
    ]  # fmt: skip


def test_points_are_those_of_both_sides_second_by_second(tmp_path: Path) -> None:
    with served() as page:
        fill(page.feed, World(tmp_path, incident))
        points = [data for _, kind, data in page.messages() if kind == "point"]
    times = [each["at"] for each in points]
    assert times == list(range(times[0], times[0] + len(times)))
    bad = [(each["treatment"]["gateway"][3], each["control"]["gateway"][3]) for each in points if "control" in each]
    assert (0.0, 0.0) in bad
    assert (50.0, 50.0) in bad
    assert (0.0, 50.0) in bad
    assert {each["treatment"]["gateway"][4] for each in points} == {100.0}


def test_a_page_that_comes_back_gets_what_is_new(tmp_path: Path) -> None:
    with served() as page:
        fill(page.feed, World(tmp_path, incident))
        whole = page.messages()
        middle = len(whole) // 2
        rest = page.messages(last=whole[middle][0])
        assert [each[0] for each in rest[1:]] == [each[0] for each in whole[middle + 1 :]]
        for other in ("of-another-run/3", "nonsense", f"{page.feed.name}/x", f"{page.feed.name}/-1"):
            assert len(page.messages(last=other)) == len(whole)


def test_a_page_of_an_earlier_run_is_shown_the_next_one() -> None:
    with served() as page:
        page.feed.put("line/1", "line", {"text": "old"})
        old = page.messages(until="line")
        page.page.show({**PLAN, "document": "next.md"})
        found = page.messages(last=old[-1][0], until="plan")
    assert found[0][2]["run"] != old[0][2]["run"]
    assert found[1][2]["document"] == "next.md"


def test_output_of_a_command_stays_text(tmp_path: Path) -> None:
    hostile = f"</script><img src=x onerror=alert(1)>\n\nevent: status\ndata: {{}}\n{CONTROL}"
    step = ran("read", "kubectl logs deployment/web")
    with served() as page:
        world = World(tmp_path, incident, steps=(step.__class__(**{**vars(step), "stdout": hostile}),), heals=False)
        fill(page.feed, world)
        found = page.messages()
    assert next(data for _, kind, data in found if kind == "step")["stdout"] == hostile
    assert [data for _, kind, data in found if kind == "status"] != [{}]


def test_a_message_of_a_known_key_replaces_it_and_a_repetition_is_no_message() -> None:
    feed = Feed("a")
    for key, data in (("x", 1), ("y", 2), ("x", 3), ("x", 3)):
        feed.put(key, "kind", data)
    assert [(each.number, each.data) for each in feed.after(0)] == [(2, "2"), (3, "3")]
    assert [each.number for each in feed.after(2)] == [3]
    assert feed.after(3) == []


def test_a_page_that_does_not_read_delays_neither_writers_nor_other_pages() -> None:
    with served() as page:
        slow = socket.create_connection(("127.0.0.1", page.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nCookie: {page.cookie}\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        for number in range(2000):  # 20 MB, far more than the buffers of a connection
            page.feed.put(f"line/{number}", "line", {"text": "x" * 10_000})
        page.feed.put("end", "end", {})
        assert len(page.messages()) == 2003
        slow.close()


def test_numbers_that_are_none_in_json_are_an_error_of_the_writer() -> None:
    with pytest.raises(ValueError, match="JSON"):
        Feed("a").put("x", "kind", {"value": float("inf")})


def test_every_message_is_one_line_of_json(tmp_path: Path) -> None:
    feed = Feed("a")
    feed.put("x", "line", {"text": "one\ntwo\rthree\u2028four"})
    assert "\n" not in feed.after(0)[0].data
    assert "\r" not in feed.after(0)[0].data
    assert json.loads(feed.after(0)[0].data)["text"].startswith("one\ntwo")


def test_a_hidden_drill_is_not_named_before_it_has_ended_and_its_fault_is_not_shown(tmp_path: Path) -> None:
    feed, shown = Feed("a"), list[str]()
    world = World(tmp_path, incident, title="Secret title", runbook="SECRET", symptoms=(("secret", None),))
    listener = Messages(world.judges.of, feed, hidden=True)

    def listening(event: Event) -> None:
        listener(event)
        if not isinstance(event, DrillEnded | RunEnded):
            shown.extend(each.data for each in feed.after(0))

    world.journal.deliver_to(listening)
    world.run()
    assert len(set(shown)) > 50
    assert not [each for each in shown if "secret" in each.lower() or "fault:" in each]
    assert {data["drill"] for data in map(json.loads, set(shown)) if "drill" in data} == {"incident"}
