"""Bindings (`gameday.yaml`): what a runbook's terms mean on a platform, and which fault causes each incident.

The file format is documented in docs/reference/bindings.md.
"""

from harness.bindings.compose import ComposeProject, ComposeService
from harness.bindings.loads import LoadSpec
from harness.bindings.model import (
    TCP,
    Bindings,
    FaultSpec,
    OwnService,
    RunbookBinding,
    SequentialControl,
    StepOrder,
    SymptomBinding,
    Undecided,
)
from harness.bindings.reader import FILE_NAME, FileProblem, examine, find, load

__all__ = [
    "FILE_NAME",
    "TCP",
    "Bindings",
    "ComposeProject",
    "ComposeService",
    "FaultSpec",
    "FileProblem",
    "LoadSpec",
    "OwnService",
    "RunbookBinding",
    "SequentialControl",
    "StepOrder",
    "SymptomBinding",
    "Undecided",
    "examine",
    "find",
    "load",
]
