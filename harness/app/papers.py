"""Use case `postmortem`: the papers after an incident and a patch of the runbook, from the record of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from harness.app.members import EDITS, PAPERS
from harness.app.reporting import ReportRequest, folder_of, record_of, report
from harness.app.writing import write_whole
from harness.errors import DocumentError, MachineError
from harness.postmortem.base import Incident
from harness.postmortem.diff import git_patch
from harness.postmortem.edits.base import Context, Dropped, Edit
from harness.postmortem.papers.review import PATCH
from harness.postmortem.patching import Patched, patch
from harness.postmortem.source import Source
from harness.record.events import DocumentRead
from harness.record.journal import read_events
from harness.runbook import parse
from harness.runbook.source import load
from harness.verdict.gameday import GamedayResult

FOLDER = "postmortem"
_NO_TEXT = "the record does not hold the text of the document: an older gameday has written it"


@dataclass(frozen=True)
class PostmortemRequest:
    """`run` is a run directory or its record; `out` the directory of the papers, None: `postmortem` in the run's."""

    run: Path
    out: Path | None = None


@dataclass(frozen=True)
class PostmortemResult:
    """The files that were written, and what the user has to know about them."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Target:
    """The document of the run on this machine: the folder in which its patch is applied, and its path from there."""

    folder: Path | None
    path: PurePosixPath
    changed: bool = False


def postmortem(request: PostmortemRequest) -> PostmortemResult:
    """Write the papers, and `runbook.patch` where there is something to change and the document is still the same.

    Raises JournalError when the record cannot be read, and MachineError when the papers cannot be written.
    """
    result = report(ReportRequest(request.run))
    text = _recorded_text(record_of(request.run))
    target = _target(result.document, text, request.run.resolve())
    patched = _patched(text or "", result)
    no_patch = _no_patch(text, target, patched)
    out = request.out or folder_of(request.run) / FOLDER
    papers = [PAPERS.load(name) for name in PAPERS.names()]
    texts = {paper.file_name: paper.render(Incident(result, patched, no_patch)) for paper in papers}
    if not no_patch:
        texts[PATCH] = git_patch(target.path, patched.before, patched.after)
    files = _write(texts, out)
    return PostmortemResult(files, (no_patch or _how_to_apply(target, out / PATCH),))


def _recorded_text(record: Path) -> str | None:
    """The text of the document; the record has it in its second line."""
    return next((event.text for event in islice(read_events(record), 2) if isinstance(event, DocumentRead)), None)


def _patched(text: str, result: GamedayResult) -> Patched:
    """The document with the edits that the drills call for. Nothing is edited that no longer parses."""
    try:
        return patch(text, _found(text, result))
    except DocumentError:
        return Patched(text, text)


def _found(text: str, result: GamedayResult) -> Iterator[Edit | Dropped]:
    kinds = [EDITS.load(name) for name in EDITS.names()]
    source, document = Source(text), parse(text)
    for drill in result.drills:
        for kind in kinds:
            yield from kind.find(Context(source, document, drill))


def _no_patch(text: str | None, target: _Target, patched: Patched) -> str:
    if text is None:
        return _NO_TEXT
    if target.changed:
        return f"{target.path} has changed since the run, so no patch of it is made; drill it again"
    return "" if patched.edits else "the drill gives no reason to change the document"


def _target(document: str, text: str | None, run: Path) -> _Target:
    """Find the document by its recorded path: from the working directory, or from a directory around the run."""
    found = [path for base in (Path(), *run.parents) if (path := base / document).is_file()]
    same = [path for path in found if _text_of(path) == text]
    if found:
        file = (same or found)[0].resolve()
        folder = next((parent for parent in file.parents if (parent / ".git").exists()), file.parent)
        return _Target(folder, PurePosixPath(file.relative_to(folder)), not same)
    recorded = PurePosixPath(document)
    inside = not recorded.is_absolute() and ".." not in recorded.parts
    return _Target(None, recorded if inside else PurePosixPath(recorded.name))


def _text_of(path: Path) -> str | None:
    try:
        return load(path)
    except DocumentError:
        return None


def _how_to_apply(target: _Target, file: Path) -> str:
    if target.folder is None:
        return f"{target.path} is not here; the patch is for the text that the record holds: git apply {file}"
    return f"to apply it: cd {target.folder} && git apply {file.resolve()}"


def _write(texts: dict[str, str], out: Path) -> tuple[Path, ...]:
    """Write the files; each appears complete or not at all. A patch of an earlier call does not stay."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / PATCH).unlink(missing_ok=True)
        for name, text in texts.items():
            write_whole(text, out / name)
    except OSError as error:
        raise MachineError(f"{out}: cannot be written ({error.strerror}); name another directory with --out") from None
    return tuple(out / name for name in texts)
