"""Reads the text of a runbook document from disk."""

from __future__ import annotations

from pathlib import Path

from harness.errors import DocumentError


def load(path: Path) -> str:
    """Return the text of a file with its line ends and its byte order mark.

    Raises DocumentError when it is missing, empty, binary or not UTF-8.
    """
    raw = _bytes(path)
    if not raw.strip():
        raise DocumentError(f"{path}: the runbook document is empty. Name a Markdown file with at least one runbook.")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            f"{path}:{line}: the runbook document is not UTF-8 text (byte {error.start} is 0x{raw[error.start]:02x}). "
            "Save it as UTF-8 Markdown."
        ) from error
    if "\0" in text:
        raise DocumentError(f"{path}: the runbook document is binary (it has NUL bytes). Name a Markdown text file.")
    return text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(f"{path}: there is no such runbook document. Check the path.") from error
    except IsADirectoryError as error:
        raise DocumentError(f"{path}: this is a directory, not a runbook document. Name a file in it.") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise DocumentError(f"{path}: the runbook document cannot be read: {why}. Make it readable.") from error
