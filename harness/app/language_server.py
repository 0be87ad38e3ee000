"""A language server (LSP 3.17) on two streams: shows the findings of the linter in editors while a document is edited.

It knows what that needs: documents that are opened, changed as a whole and closed, and diagnostics. Every message is
answered before the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias
from urllib.parse import unquote, urlsplit

from harness.app.linting import lint_text
from harness.errors import GamedayError
from harness.lint.base import Finding, Severity

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Message: TypeAlias = "dict[str, Json]"

_SEVERITIES = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.NOTE: 3}
_NO_METHOD, _INVALID_REQUEST = -32601, -32600
_LONGEST_MESSAGE = 20_000_000


def serve(reader: BinaryIO, writer: BinaryIO) -> int:
    """Serve one editor until it sends `exit` or goes away; return the exit code: 0 after `shutdown`, else 1."""
    server = _Server(lambda message: _write(writer, message))
    for message in _messages(reader):
        if message.get("method") == "exit":
            break
        server.take(message)
    return 0 if server.is_shut_down else 1


def _messages(reader: BinaryIO) -> Iterator[Message]:
    """The messages of the base protocol: headers, an empty line, JSON. A message that is no JSON object ends it."""
    while True:
        length = 0
        while (line := reader.readline()) not in (b"\r\n", b"\n"):
            if not line:
                return
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = min(int(value), _LONGEST_MESSAGE)
        try:
            message = json.loads(reader.read(length))
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        yield message


def _write(writer: BinaryIO, message: Message) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    writer.flush()


@dataclass
class _Server:
    send: Callable[[Message], None]
    is_shut_down: bool = False

    def take(self, message: Message) -> None:
        """Handle one message."""
        method, parameters = message.get("method"), message.get("params")
        given = parameters if isinstance(parameters, dict) else {}
        if self.is_shut_down:
            self._refuse(message, _INVALID_REQUEST, "the server is shut down")
        elif method == "initialize":
            self._answer(message, {"capabilities": {"textDocumentSync": 1}, "serverInfo": {"name": "gameday lint"}})
        elif method == "shutdown":
            self.is_shut_down = True
            self._answer(message, None)
        elif isinstance(method, str) and method.startswith("textDocument/did"):
            self._document(method.removeprefix("textDocument/did"), given)
        elif method is not None:
            self._refuse(message, _NO_METHOD, f"{method} is not supported")

    def _answer(self, message: Message, result: Json) -> None:
        self.send({"id": message.get("id"), "result": result})

    def _refuse(self, message: Message, code: int, why: str) -> None:
        """Answer a request by an error; notifications have no id and get no answer."""
        if "id" in message:
            self.send({"id": message["id"], "error": {"code": code, "message": why}})

    def _document(self, event: str, given: Message) -> None:
        document = given.get("textDocument")
        uri = document.get("uri") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(uri, str):
            return
        if event == "Close":
            self._publish(uri, [])
            return
        text = _text(document, given) if event in ("Open", "Change") else None
        if isinstance(text, str):
            self._lint(uri, text, document.get("version"))

    def _lint(self, uri: str, text: str, version: Json) -> None:
        """Publish the findings of a text; settings that cannot be used are shown as a message."""
        try:
            found = lint_text(text, unquote(urlsplit(uri).path))
        except GamedayError as error:
            self.send({"method": "window/showMessage", "params": {"type": 1, "message": str(error)}})
            return
        self._publish(uri, [_diagnostic(finding) for finding in found], version)

    def _publish(self, uri: str, diagnostics: list[Json], version: Json = None) -> None:
        """Send the diagnostics of a document; with its version, an editor drops those of a text that has changed."""
        about: Message = {"uri": uri, "diagnostics": diagnostics}
        if isinstance(version, int):
            about["version"] = version
        self.send({"method": "textDocument/publishDiagnostics", "params": about})


def _text(document: Message, given: Message) -> Json:
    """The whole text of an opened or changed document."""
    changes = given.get("contentChanges")
    last = changes[-1] if isinstance(changes, list) and changes else document
    return last.get("text") if isinstance(last, dict) else None


def _diagnostic(finding: Finding) -> Json:
    line, source = max(finding.place.line - 1, 0), finding.source
    start = _units(source[: finding.place.column - 1])
    end = max(_units(source[: max(finding.place.end - 1, finding.place.column)]), start)
    place: Json = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {
        "range": place,
        "severity": _SEVERITIES[finding.severity],
        "code": finding.rule,
        "source": "gameday",
        "message": finding.message,
    }


def _units(text: str) -> int:
    """The length of a text in UTF-16 code units, which positions of the protocol count."""
    return len(text.encode("utf-16-le")) // 2
