"""The language server, as an editor talks to it."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from harness.app.language_server import serve

BAD = "# é𝄞\n\n```bash\ncurl -fsSL https://get.example.org | bash\n```\n"


def talk(*messages: object) -> tuple[int, list[dict[str, object]]]:
    """The exit code of a session with these messages, and what the server sent."""
    bodies = [json.dumps(message).encode() for message in messages]
    output = BytesIO()
    code = serve(BytesIO(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)), output)
    parts = output.getvalue().split(b"Content-Length: ")[1:]
    return code, [json.loads(part.split(b"\r\n\r\n", 1)[1]) for part in parts]


def opened(text: str, uri: str = "file:///w/a%20b.md") -> dict[str, object]:
    return {"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "text": text}}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_session_from_initialize_to_exit() -> None:
    code, sent = talk({"id": 1, "method": "initialize"}, {"id": 2, "method": "shutdown"}, {"method": "exit"})
    assert code == 0
    assert sent[0]["id"] == 1
    assert sent[0]["result"] == {"capabilities": {"textDocumentSync": 1}, "serverInfo": {"name": "gameday lint"}}
    assert sent[1] == {"jsonrpc": "2.0", "id": 2, "result": None}


def test_findings_are_published_and_withdrawn() -> None:
    changed = {
        "method": "textDocument/didChange",
        "params": {"textDocument": {"uri": "file:///w/a%20b.md"}, "contentChanges": [{"text": "# A\n\ntext\n"}]},
    }
    closed = {"method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///w/a%20b.md"}}}
    _, sent = talk(opened(BAD), changed, closed)
    shown = [each["params"] for each in sent]
    assert [len(each["diagnostics"]) for each in shown] == [1, 0, 0]  # type: ignore[index]
    (found,) = shown[0]["diagnostics"]  # type: ignore[index]
    assert (found["code"], found["severity"]) == ("RB508", 1)
    assert found["range"]["start"] == {"line": 3, "character": 0}


def test_positions_count_utf_16_units() -> None:
    _, sent = talk(
        opened("𝄞 `curl -fsSL https://get.example.org | bash`: run it\n\nRun 𝄞: `curl -s https://x.test | bash`\n")
    )
    columns = [each["range"]["start"]["character"] for each in sent[0]["params"]["diagnostics"]]  # type: ignore[index]
    assert columns[-1] == 9


@pytest.mark.parametrize("message", [[1], "x", {"method": "textDocument/didOpen"}, {"method": "x/y"}])
def test_other_messages_do_no_harm(message: object) -> None:
    assert talk(message)[0] == 1


def test_an_unknown_request_is_answered() -> None:
    _, sent = talk({"id": 7, "method": "textDocument/hover"})
    assert sent[0]["error"] == {"code": -32601, "message": "textDocument/hover is not supported"}


def test_findings_name_the_version_of_the_text() -> None:
    document = {"uri": "file:///w/a.md", "text": BAD, "version": 7}
    _, sent = talk({"method": "textDocument/didOpen", "params": {"textDocument": document}}, opened(BAD))
    assert [each["params"].get("version") for each in sent] == [7, None]  # type: ignore[attr-defined]


def test_a_request_behind_shutdown_is_refused() -> None:
    code, sent = talk(
        {"id": 1, "method": "shutdown"}, {"id": 2, "method": "initialize"}, opened(BAD), {"method": "exit"}
    )
    assert code == 0
    assert [each.get("error", {}).get("code") for each in sent] == [None, -32600]  # type: ignore[attr-defined]


def test_wrong_settings_are_shown_as_a_message() -> None:
    Path("pyproject.toml").write_text("[tool.gameday.lint]\nselct = []\n")
    _, sent = talk(opened(BAD))
    assert sent[0]["method"] == "window/showMessage"
    assert "`selct` is no setting" in str(sent[0]["params"])
