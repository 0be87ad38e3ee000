"""Use case `recover`: end what a killed run or platform left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.app.members import PLATFORMS, all_providers, make_provider
from harness.app.reporting import RECORD
from harness.errors import MachineError
from harness.machine import process_ledger, run_registry, worktree
from harness.machine.process_ledger import Group
from harness.platforms.base import PlatformOptions
from harness.record.events import ProcessStarted
from harness.record.journal import JournalError, read_events

RUNS = Path("runs")


@dataclass(frozen=True)
class RecoverRequest:
    """Run directories, or a cluster."""

    runs: tuple[Path, ...] = ()
    """Empty: every directory in `runs/`, and every run in the user's registry that was killed."""
    context: str | None = None
    """The kube context of a cluster: clean up by the revert journal in the cluster, instead of by run directories."""
    namespace: str | None = None
    """With a context: the namespace of the treatment; None: `production`."""


@dataclass(frozen=True)
class Recovered:
    """What was ended in one place."""

    place: str
    ended: tuple[str, ...]
    left: tuple[str, ...]
    """What could not be ended."""
    recorded: bool
    """Whether this is a cluster or the directory of a run: a place where something could have been left."""


def recover(request: RecoverRequest, notify: Callable[[str], None] = lambda line: None) -> tuple[Recovered, ...]:
    """End recorded leftovers, identified by process group and start time, never by name. Idempotent.

    Raises MachineError for a directory that does not exist, and for a namespace without a cluster.
    """
    if request.namespace and not request.context:
        raise MachineError("--namespace: no cluster is named; add --context NAME")
    if request.context:
        return (_recover_cluster(request.context, request.namespace),)
    folders = request.runs or _found(notify)
    missing = [str(path) for path in folders if not path.is_dir()]
    if missing:
        raise MachineError(f"{', '.join(missing)}: no such run directory; `ls runs` lists them")
    return tuple(_recover_folder(folder, notify) for folder in folders)


def _found(notify: Callable[[str], None]) -> tuple[Path, ...]:
    """Every directory in `runs/` and in the registry, without those of runs that are under way."""
    known = run_registry.runs()
    folders: dict[Path, Path] = {}
    for path in (*sorted(RUNS.glob("*")), *known):
        runner = known.get(path.resolve())
        if not path.is_dir():
            run_registry.forget(path)
        elif runner is not None and runner.leader_lives():
            notify(f"{path}: this run is under way (pid {runner.pid}); it is not touched")
        else:
            folders.setdefault(path.resolve(), path)
    return tuple(folders.values())


def _recover_cluster(context: str, namespace: str | None) -> Recovered:
    name = next(name for name in PLATFORMS.names() if "context" in PLATFORMS.load(name)(PlatformOptions()).options)
    provider = make_provider(name, PlatformOptions(context=context, namespace=namespace))
    provider.check()
    return Recovered(context, tuple(provider.recover(Path())), (), recorded=True)


def _recover_folder(folder: Path, notify: Callable[[str], None]) -> Recovered:
    record = folder / RECORD
    groups = list(_recorded_groups(record, notify)) if record.exists() else []
    found = process_ledger.end(groups, folder, grace_s=1.0)
    remaining = [group for group, _ in process_ledger.living(groups, folder)]
    ended = [_shown(group) for group in found if group not in remaining]
    for provider in all_providers(notify):
        ended += provider.recover(folder)
    ended += worktree.recover(folder)
    left = [*map(_shown, remaining), *process_ledger.left(folder)]
    if not left:
        run_registry.forget(folder.resolve())
    return Recovered(str(folder), tuple(ended), tuple(left), recorded=record.exists())


def _shown(group: Group) -> str:
    return f"{group.what} (pid {group.pid})"


def _recorded_groups(record: Path, notify: Callable[[str], None]) -> Iterator[Group]:
    """The process groups of a record, up to its first unreadable line; the platforms have ledgers of their own."""
    try:
        for event in read_events(record):
            if isinstance(event, ProcessStarted):
                yield Group(event.pgid, event.started_s, event.name)
    except JournalError as error:
        notify(f"{error}; processes recorded after that are not ended, the platforms are")
