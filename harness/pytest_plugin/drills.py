"""The fixture `drill`: runs the drills of a test through `harness.app`, as `gameday run` does."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import FrameType

import pytest

from harness import app
from harness.errors import GamedayError
from harness.machine import run_registry
from harness.pytest_plugin import outcome
from harness.pytest_plugin.places import one_of
from harness.pytest_plugin.settings import parallel_of, platform_of


@dataclass(frozen=True)
class Selection:
    """What to drill: a document, and ids of its runbooks (none: all)."""

    runbook: Path
    only: tuple[str, ...] = ()
    bindings: Path | None = None
    allow_inconclusive: bool = False
    """Whether an inconclusive drill skips the test instead of failing it."""
    strict: bool = False


class Drill:
    """Function of a test that runs its drills; what it is not given is that of the test's marker."""

    def __init__(self, node: pytest.Item, folders: pytest.TempPathFactory) -> None:
        self._node, self._folders = node, folders
        self._marker = node.get_closest_marker("runbook")
        self._called = False

    def __call__(self, runbook: str | Path | None = None, **selection: object) -> app.RunResult:
        """Run the drills and return their result. Fails or skips the test unless they passed."""
        self._called = True
        chosen = self._selection(runbook, selection)
        try:
            result = self._run(chosen)
        except GamedayError as error:
            pytest.fail(str(error), pytrace=False)
        self._node.add_report_section("call", "gameday", app.render(result.gameday, "text"))
        outcome.check(result, self._shown(chosen.runbook), allow_inconclusive=chosen.allow_inconclusive)
        return result

    def check_called(self) -> None:
        """Fail a test with a marker that never ran its drills."""
        if self._marker and not self._called:
            pytest.fail("the drills of the marker `runbook` did not run: call `drill()` in the test", pytrace=False)

    def _selection(self, runbook: str | Path | None, given: dict[str, object]) -> Selection:
        marked = self._marker
        named = runbook or (marked.args[0] if marked and marked.args else None)
        if named is None:
            pytest.fail("no runbook: mark the test with `runbook(PATH)`, or call `drill(PATH)`", pytrace=False)
        return selected(self._node.config.rootpath, named, {**(marked.kwargs if marked else {}), **given})

    def _run(self, chosen: Selection) -> app.RunResult:
        config, stop = self._node.config, threading.Event()
        plan = app.PlanRequest(chosen.runbook, chosen.bindings, chosen.only)
        request = app.RunRequest(plan, platform_of(config), out=self._folder(), strict=chosen.strict)
        with stopped_in_order(stop), one_of(parallel_of(config), self._places(), stop):
            return app.run(request, stop=stop)

    def _shown(self, runbook: Path) -> str:
        root = self._node.config.rootpath
        return str(runbook.relative_to(root) if runbook.is_relative_to(root) else runbook)

    def _folder(self) -> Path:
        """A new run directory, which no other test or process has."""
        name = re.sub(r"[^\w.-]+", "-", self._node.name)[:60].strip("-")
        out = self._node.config.getoption("--gameday-out")
        if out is None:
            return self._folders.mktemp(f"gameday-{name}")
        return _made(self._node.config.invocation_params.dir / out, name)

    def _places(self) -> Path:
        """The folder of the locks: one for all pytest processes of the user."""
        folder = run_registry.folder().parent / "places"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        return self._folders.getbasetemp().parent / "gameday-places"  # of this session, where the home is read-only


def selected(root: Path, runbook: object, given: dict[str, object]) -> Selection:
    """What a marker or a call selects; paths are relative to `root`. Fails the test for an unknown argument."""
    known = [field.name for field in fields(Selection)][1:]
    if unknown := sorted(given.keys() - set(known)):
        pytest.fail(f"runbook(…) has no argument {', '.join(unknown)}; it has {', '.join(known)}", pytrace=False)
    only, bindings = given.get("only") or (), given.get("bindings")
    return replace(
        Selection(root / str(runbook)),
        only=(only,) if isinstance(only, str) else tuple(map(str, only if isinstance(only, Sequence) else ())),
        bindings=root / str(bindings) if bindings else None,
        allow_inconclusive=bool(given.get("allow_inconclusive")),
        strict=bool(given.get("strict")),
    )


def _made(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


@contextmanager
def stopped_in_order(stop: threading.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the drills in order, and pass the signal on to pytest afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])
