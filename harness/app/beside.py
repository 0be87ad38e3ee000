"""Finds the run that a response of a person or a program is shown beside: the runbook, executed as written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from harness.app.reporting import ReportRequest, folder_of, report
from harness.errors import BindingError, GamedayError
from harness.history.database import HistoryError
from harness.history.store import history
from harness.plan import DrillPlan
from harness.record.incident import RunBeside
from harness.verdict.result import DrillResult, Verdict


def run_beside(drill: DrillPlan, asked: Path | None, file: Path | None) -> RunBeside | None:
    """The run that was asked for, or the newest of the history that passed and still has its record; None: none.

    Raises GamedayError for a run that was asked for and has no drill of this runbook and fault.
    """
    if asked is not None:
        found = _beside(drill, asked)
        if found is None:
            raise BindingError(
                f"--beside {asked}: this run has no drill of the same incident in which the runbook was executed as "
                "written; name another one"
            )
        return found
    return _newest(drill, file) if file is not None else None


def _newest(drill: DrillPlan, file: Path) -> RunBeside | None:
    with suppress(HistoryError), history(file) as opened:
        for entry in opened.runs():
            if any(each.runbook == drill.runbook.id and each.verdict is Verdict.PASSED for each in entry.drills):
                with suppress(GamedayError):  # its directory is gone, or holds another run
                    if found := _beside(drill, Path(entry.folder)):
                        return found
    return None


def _beside(drill: DrillPlan, run: Path) -> RunBeside | None:
    for each in report(ReportRequest(run)).drills:
        same = each.runbook == drill.runbook.id and drill.binding and each.fault.startswith(f"{drill.binding.fault} (")
        if same and each.response is None:
            return _facts(each, folder_of(run))
    return None


def _facts(drill: DrillResult, folder: Path) -> RunBeside:
    first = drill.alerts[0] if drill.alerts else None
    return RunBeside(
        run=str(folder),
        verdict=drill.verdict.value,
        steps=sum(step.facts.ran for step in drill.steps),
        acknowledged_s=first.after_s("acknowledged") if first else None,
        investigating_s=first.after_s("investigating") if first else None,
        mitigated_s=first.after_s("mitigated") if first else None,
        resolved_s=first.after_s("resolved") if first else None,
        recover_s=drill.times.recover_s,
    )
