"""Numbers and units of toggles: what is understood is converted, what is not is unread, and nothing in between."""

from __future__ import annotations

import pytest

from harness.model import Document
from harness.runbook import parse

ENTRY = "### SLOW: Slow\n\n**Environment Toggles:**\n\n"


def toggles(document: Document) -> list[tuple[str, str | None, str]]:
    return [(toggle.name, toggle.old, toggle.new) for toggle in document.runbooks[0].toggles]


@pytest.mark.parametrize(
    ("item", "toggle"),
    [
        ("`LIMIT`: Increase from 5,000 to 10,000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: Increase from 1,500,000 to 2,000,000.", ("LIMIT", "1500000", "2000000")),
        ("`LIMIT`: Increase from 5 000 to 10 000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: Increase from 5\u00a0000 to 30\u202f000", ("LIMIT", "5000", "30000")),
        ("`LIMIT`: Increase from 5_000 to 10_000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: Increase from 5'000 to 10'000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: 5,000 -> 10,000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: 5,000 to 10,000", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: set to 10,000", ("LIMIT", None, "10000")),
        ("`LIMIT`: 10,000 (was 5,000)", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: from `5,000` to `10,000`", ("LIMIT", "5000", "10000")),
        ("LIMIT=10,000 (default 5,000)", ("LIMIT", "5000", "10000")),
        ("`LIMIT`: Increase from 500 to 1k", ("LIMIT", "500", "1000")),
        ("`LIMIT`: Increase from 1.5k to 2K", ("LIMIT", "1500", "2000")),
        ("`LIMIT`: Increase from 3 attempts to 5 attempts", ("LIMIT", "3", "5")),
        ("`LIMIT`: Increase from 0.8 to 0.95", ("LIMIT", "0.8", "0.95")),
        ("`LIMIT`: set to -1", ("LIMIT", None, "-1")),
        ("`WAIT_MS`: Increase to 1 second", ("WAIT_MS", None, "1000")),
        ("`WAIT_MS`: set to 1 second", ("WAIT_MS", None, "1000")),
        ("`WAIT_MS`: Increase from 5000ms to 10000ms", ("WAIT_MS", "5000", "10000")),
        ("`WAIT_MS`: Increase from 30,000 ms to 60,000 ms", ("WAIT_MS", "30000", "60000")),
        ("`WAIT_MS`: Increase from 5 seconds to 10s", ("WAIT_MS", "5000", "10000")),
        ("`WAIT_MS`: Increase from 1.5 s to 1 min", ("WAIT_MS", "1500", "60000")),
        ("`WAIT_MS`: from `5s` to `10s`", ("WAIT_MS", "5000", "10000")),
        ("`WAIT_MILLISECONDS`: 5 s -> 10 s", ("WAIT_MILLISECONDS", "5000", "10000")),
        ("`WAIT_SECONDS`: Increase from 500 ms to 1 minute", ("WAIT_SECONDS", "0.5", "60")),
        ("`WAIT_SEC`: Increase from 5 to 10 seconds", ("WAIT_SEC", "5", "10")),
        ("`WAIT_MS`: Increase from 5000 to 10000 ms", ("WAIT_MS", "5000", "10000")),
        ("`WAIT_S`: Increase from 5 to 10 s", ("WAIT_S", "5", "10")),
        ("`WAIT_MINUTES`: Increase from 60 s to 1 hour", ("WAIT_MINUTES", "1", "60")),
        ("`WAIT`: Increase from 30s to 1m", ("WAIT", "30s", "1m")),
        ("`QUEUE_PERCENT`: Increase from 80% to 90 %", ("QUEUE_PERCENT", "80", "90")),
        ("`QUEUE_RATIO`: Increase from 80% to 90 percent", ("QUEUE_RATIO", "0.8", "0.9")),
        ("`HEAP`: Increase from 512Mi to 1Gi", ("HEAP", "512Mi", "1Gi")),
        ("`HEAP_MB`: Increase from 512 MB to 1 GB", ("HEAP_MB", "512", "1000")),
        ("`HEAP_BYTES`: Increase from 512 KiB to 1 MiB", ("HEAP_BYTES", "524288", "1048576")),
        ("`LOG_LEVEL`: from info to debug", ("LOG_LEVEL", "info", "debug")),
        ("`STRICT_MODE`: from true to false", ("STRICT_MODE", "true", "false")),
        ("`HOSTS_LIST`: set to a,b", ("HOSTS_LIST", None, "a,b")),
    ],
)
def test_value_is_converted_to_what_the_variable_takes(item: str, toggle: tuple[str, str | None, str]) -> None:
    document = parse(f"{ENTRY}- {item}\n")
    assert (toggles(document), document.unread) == ([toggle], ())


@pytest.mark.parametrize(
    "row",
    ["| `WAIT_MS` | 5,000 | 10,000 |", "| `WAIT_MS` | 5 s | 10 seconds |", "| `WAIT_MS` | `5000ms` | 10 000 ms |"],
)
def test_values_of_a_table_are_converted(row: str) -> None:
    document = parse(f"{ENTRY}| Variable | From | To |\n|---|---|---|\n{row}\n")
    assert (toggles(document), document.unread) == ([("WAIT_MS", "5000", "10000")], ())


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("`LIMIT`: Increase from 3 to ~5", "`~5` is about a value"),
        ("`LIMIT`: Increase from 3 to about 5", "`~5` is about a value"),
        ("`LIMIT`: Increase from 3 to ≈ 5", "`~5` is about a value"),
        ("`LIMIT`: Increase to 20-30", "`20-30` is a range"),
        ("`LIMIT`: Increase from 10 to 20–30", "`20–30` is a range"),
        ("`LIMIT`: set to 20 to 30", "`20 to 30` is a range"),
        ("`LIMIT`: Increase from 3 to 5+", "`5+` is no single number"),
        ("`LIMIT`: Increase from 5.000 to 10.000", "`10.000` may be 10 or 10000"),
        ("`LIMIT`: Increase from 0,8 to 0,9", "`0,9` has a comma that separates no thousands"),
        ("`LIMIT`: Increase from 1,00 to 5,00", "`5,00` has a comma that separates no thousands"),
        ("`LIMIT`: Increase from 50% to 80%", "LIMIT does not say whether it takes 80 or 0.8"),
        ("`WAIT`: Increase from 30 seconds to 60 seconds", "WAIT does not say in which unit"),
        ("`WAIT`: Increase from 30,000 ms to 60,000 ms", "WAIT does not say in which unit"),
        ("`WAIT_MS`: Increase from 5 MB to 10 MB", "`10 MB` is no time, and WAIT_MS takes one"),
        ("`WAIT_MS`: set to 50%", "`50%` is no time, and WAIT_MS takes one"),
        ("`HEAP_SIZE`: Increase from 512k to 1k", "`1k` may be 1000 or 1024"),
        ("`WAIT_MS`: Increase from 5 s to 10", "`10` states no unit, and `5 s` does"),
        ("`WAIT`: Increase from 30s to 60", "`60` states no unit, and `30s` does"),
        ("`LIMIT`: Increase from 3 to 2x", "`2x` is no single number"),
    ],
)
def test_value_that_is_not_understood_is_unread_with_the_reason(item: str, why: str) -> None:
    document = parse(f"{ENTRY}- `OTHER_ONE`: 1\n- {item}\n")
    assert toggles(document) == [("OTHER_ONE", None, "1")]
    (unread,) = document.unread
    assert unread.line == 6
    assert why in unread.why


@pytest.mark.parametrize(
    ("item", "new", "why"),
    [
        ("`LIMIT`: Increase from default to 5", "5", "`default` cannot be compared with `5`"),
        ("`LIMIT`: Increase from ~3 to 5", "5", "`~3` is about a value"),
        ("`LIMIT`: Increase from 3-4 to 5", "5", "`3-4` is a range"),
        ("`LIMIT`: Increase from unlimited to 100", "100", "`unlimited` cannot be compared with `100`"),
        ("`STRICT_MODE`: from 5 to false", "false", "`5` cannot be compared with `false`"),
        ("`WAIT_MS`: Increase from 5 to 10 seconds", "10000", "`5` states no unit, and `10 seconds` does"),
        ("`WAIT_MS`: 10 s (was 5 MB)", "10000", "`5 MB` is no time"),
    ],
)
def test_documented_start_that_cannot_be_compared_is_not_one(item: str, new: str, why: str) -> None:
    document = parse(f"{ENTRY}- {item}\n")
    (toggle,) = document.runbooks[0].toggles
    assert (toggle.old, toggle.new) == (None, new)
    (unread,) = document.unread
    assert unread.why.startswith("the documented start is not used: ")
    assert why in unread.why


def test_command_behind_a_toggle_on_the_same_line_is_a_step() -> None:
    document = parse(f"{ENTRY}- `A_B`: Increase from 1 to 2, then `kubectl rollout restart deployment/api`\n")
    assert toggles(document) == [("A_B", "1", "2")]
    assert [(command.line, command.text) for command in document.runbooks[0].commands] == [
        (5, "kubectl rollout restart deployment/api")
    ]


def test_command_that_sets_the_toggle_to_another_value_is_listed() -> None:
    document = parse(f"{ENTRY}- `A_B`: Increase from 1 to 2: `kubectl set env deployment/api A_B=3`\n")
    assert toggles(document) == [("A_B", "1", "2")]
    assert document.runbooks[0].commands == ()
    assert [(part.text, part.why) for part in document.unread] == [
        ("kubectl set env deployment/api A_B=3", "the toggle A_B is set instead")
    ]


def test_commands_among_toggles_are_steps() -> None:
    block = "```bash\nexport A_B=1\nC_D=2 kubectl get pods\nkubectl set env deployment/api E_F=3\n```\n"
    document = parse(f"{ENTRY}- Restart: `kubectl rollout restart deployment/api`\n\n{block}")
    assert toggles(document) == [("A_B", None, "1")]
    assert [command.text for command in document.runbooks[0].commands] == [
        "kubectl rollout restart deployment/api",
        "C_D=2 kubectl get pods",
        "kubectl set env deployment/api E_F=3",
    ]
