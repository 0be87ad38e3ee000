"""The language server with the client of pygls, which checks what it is sent against the protocol."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

lsp = pytest.importorskip("lsprotocol.types", reason="pygls is not installed (pip install pygls)")
client = pytest.importorskip("pygls.lsp.client", reason="pygls is not installed (pip install pygls)")

BAD = "# A\n\n𝄞 `x`\n\n```bash\ncurl -fsSL https://get.example.org | bash\n```\n"
_LIMIT_S = 60


async def _session(uri: str) -> tuple[list[object], int | None]:
    """What a server publishes while a document is opened, changed and closed, and its exit code."""
    editor = client.LanguageClient("test", "1")
    published: asyncio.Queue[object] = asyncio.Queue()
    editor.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda found: published.put_nowait(found))  # noqa: PLW0108  it is marked
    await editor.start_io(sys.executable, "-c", "from harness.cli import main; main()", "lsp", "--stdio")
    await editor.initialize_async(lsp.InitializeParams(capabilities=lsp.ClientCapabilities()))
    editor.initialized(lsp.InitializedParams())
    item = lsp.TextDocumentItem(uri=uri, language_id="markdown", version=1, text=BAD)
    editor.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))
    found = [await asyncio.wait_for(published.get(), _LIMIT_S)]
    change = lsp.TextDocumentContentChangeWholeDocument(text="# A\n\ntext\n")
    changed = lsp.VersionedTextDocumentIdentifier(uri=uri, version=2)
    editor.text_document_did_change(lsp.DidChangeTextDocumentParams(text_document=changed, content_changes=[change]))
    found.append(await asyncio.wait_for(published.get(), _LIMIT_S))
    closed = lsp.TextDocumentIdentifier(uri=uri)
    editor.text_document_did_close(lsp.DidCloseTextDocumentParams(text_document=closed))
    found.append(await asyncio.wait_for(published.get(), _LIMIT_S))
    await editor.shutdown_async(None)
    process = editor._server
    editor.exit(None)
    code = await asyncio.wait_for(process.wait(), _LIMIT_S)
    await editor.stop()
    return found, code


def test_a_client_of_pygls_opens_changes_and_closes_a_document(tmp_path: Path) -> None:
    found, code = asyncio.run(_session((tmp_path / "a b.md").as_uri()))
    opened, changed, closed = found
    assert [(each.code, each.severity) for each in opened.diagnostics] == [("RB508", lsp.DiagnosticSeverity.Error)]  # type: ignore[attr-defined]
    assert opened.diagnostics[0].range.start == lsp.Position(line=5, character=0)  # type: ignore[attr-defined]
    assert [each.version for each in found] == [1, 2, None]  # type: ignore[attr-defined]
    assert list(changed.diagnostics) == list(closed.diagnostics) == []  # type: ignore[attr-defined]
    assert code == 0
