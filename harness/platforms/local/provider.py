"""Local platforms as the command line makes them: nothing is shared, and there may be as many as the machine bears."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from harness.errors import PlatformError
from harness.machine import process_ledger
from harness.platforms.base import Options, Overrides, Say
from harness.platforms.local.platform import LocalPlatform


class LocalMaker:
    """See base.Maker."""

    name = "local"
    at_once = None
    takes: frozenset[str] = frozenset()

    def __init__(self, options: Options) -> None:
        self._options = options

    def check(self) -> None:
        LocalPlatform.check_machine()

    def opened(self, folder: Path, say: Say) -> AbstractContextManager[None]:
        return nullcontext()

    def make(self, folder: Path, side: str, overrides: Overrides) -> LocalPlatform:
        return LocalPlatform(folder, overrides=overrides)

    def stand(self, folder: Path, say: Say) -> LocalPlatform:
        try:
            return LocalPlatform.attach(folder)
        except PlatformError:
            say("bringing the platform up")
        platform = LocalPlatform(folder, detach=True)
        platform.clear()
        platform.up()
        return platform

    def end(self, folder: Path) -> None:
        LocalPlatform(folder, detach=True).down()

    def recover(self, folder: Path) -> Sequence[str]:
        ledgers = sorted(folder.rglob(process_ledger.LEDGER))
        return [each for ledger in ledgers for each in process_ledger.recover(ledger.parent)]
