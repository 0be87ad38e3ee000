"""A terminal that takes no more output: the drill and its revert go on, and the run ends."""

from __future__ import annotations

import threading
from pathlib import Path

from harness.listeners.progress import Live
from harness.record.listener import ListenerThread
from harness.verdict.result import Verdict
from tests.support.full_pipe import full_pipe
from tests.support.simulated_drill import World, incident


def test_drill_and_revert_go_on_while_the_terminal_is_blocked(tmp_path: Path) -> None:
    world, results = World(tmp_path, incident), []
    with full_pipe() as pipe:
        display = ListenerThread(world.journal, Live(world.judges.of, pipe.stream, columns=160))
        run = threading.Thread(target=lambda: results.append(world.run()), daemon=True)
        run.start()
        run.join(60)
        assert not run.is_alive(), "the drill waits for the terminal"
        assert [result.verdict for result in results] == [Verdict.PASSED]
        assert world.reverted_at is not None
        assert not display.close(limit_s=0.1), "the display is still blocked"
        pipe.drain()
        assert display.close(limit_s=30), "the display goes on when the terminal is read again"
