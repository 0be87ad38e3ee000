"""The desk of a drill in this terminal: reads lines from standard input and shows the answers.

The terminal stays in its own line mode, so that nothing has to be restored when the drill ends while a line is typed.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from harness.report.format import printable
from harness.responders.console import Console
from harness.responders.desk import IncidentDesk
from harness.responders.wording import clock_text, duration, situation_text

_POLL_S = 0.2
_CLEAR = "\r\033[K"


class Terminal:
    """Writes to a terminal from several threads; a line that comes while a prompt waits goes above it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lively = stream, stream.isatty()
        self._lock, self._prompt = threading.Lock(), ""

    def say(self, text: str) -> None:
        """Show a text on lines of its own."""
        text = printable(text.rstrip("\n"))
        with self._lock:
            if self._prompt and self._lively:
                text = f"{_CLEAR}{text}"
            self._stream.write(f"{text}\n{self._prompt if self._lively else ''}")
            self._stream.flush()

    def ask(self, prompt: str) -> None:
        """Show a prompt; "" takes it away from the lines that follow."""
        with self._lock:
            if self._lively:
                self._stream.write(f"{_CLEAR if self._prompt else ''}{prompt}")
                self._stream.flush()
            self._prompt = prompt


class DeskTerminal:
    """Makes a desk usable through a terminal and the standard input."""

    def __init__(self, terminal: Terminal, observer: str, input_fd: int | None = None) -> None:
        self._terminal, self._observer = terminal, observer
        self._fd = _standard_input() if input_fd is None else input_fd
        self._desk: IncidentDesk | None = None

    def interrupt(self) -> bool:
        """End the command that runs; return whether one did."""
        return self._desk is not None and self._desk.interrupt()

    @contextmanager
    def __call__(self, desk: IncidentDesk) -> Iterator[None]:
        """Read lines until the end of the `with`."""
        ended, self._desk = threading.Event(), desk
        thread = threading.Thread(target=self._read, args=(desk, ended), name="terminal", daemon=True)
        self._terminal.say(situation_text(desk.situation()))
        self._terminal.say("`help` shows what you can do here; `gameday shell` opens a second terminal")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._desk = None
            self._terminal.ask("")

    def _read(self, desk: IncidentDesk, ended: threading.Event) -> None:
        console, passed = Console(desk, self._observer), set[tuple[str, int]]()
        typed, open_input = b"", True
        self._ask(desk)
        while not ended.is_set():
            self._show_passed(desk, passed)
            if self._fd is None or not open_input:
                ended.wait(_POLL_S)
            elif select.select([self._fd], [], [], _POLL_S)[0]:
                part = os.read(self._fd, 4096)
                open_input = bool(part)
                *lines, typed = (typed + part).split(b"\n")
                for line in lines:
                    self._answer(desk, console, line.decode("utf-8", "replace"))

    def _answer(self, desk: IncidentDesk, console: Console, line: str) -> None:
        self._terminal.ask("")
        answer = console.answer(line)
        if text := f"{answer.stdout}{answer.stderr}":
            self._terminal.say(text)
        self._ask(desk)

    def _ask(self, desk: IncidentDesk) -> None:
        situation = desk.situation()
        if not (situation.closed or situation.resolved):
            self._terminal.ask(f"[{duration(situation.left_s)}] gameday> ")

    def _show_passed(self, desk: IncidentDesk, passed: set[tuple[str, int]]) -> None:
        """Say once of each clock that it is over."""
        for clock in desk.situation().clocks:
            if clock.left_s < 0 and not clock.done and (clock.alert, clock.line) not in passed:
                passed.add((clock.alert, clock.line))
                self._terminal.say(f"✗ {clock_text(clock)}")


def _standard_input() -> int | None:
    """The descriptor of the standard input; None where there is none."""
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or replaced by a stream without a descriptor
        return None
