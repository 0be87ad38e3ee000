"""Exit codes that are not verdicts: an error in gameday itself, an interrupt, and a closed pipe."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import commands
from harness.cli.main import exit_code_of
from harness.cli.signals import SignalledInterrupt, stop_on_signals
from harness.errors import Interrupted
from tests.support.paths import COMMAND


def fail_with(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def command(options: argparse.Namespace) -> int:
        raise error

    return command


def test_internal_error_exits_4_and_names_the_file_with_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(commands.COMMANDS, "recover", fail_with(ZeroDivisionError("a bug")))  # type: ignore[misc]
    assert exit_code_of(["recover"]) == 4
    shown = capsys.readouterr()
    first, second = shown.err.splitlines()
    assert (shown.out, first) == ("", "gameday: internal error: ZeroDivisionError: a bug")
    (file,) = re.findall(r"The traceback is in (\S+\.txt);", second)
    assert Path(file).parent == tmp_path
    text = Path(file).read_text(encoding="utf-8")
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ZeroDivisionError: a bug\n")


def test_internal_error_prints_the_traceback_when_no_file_can_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nosuch"))
    monkeypatch.setitem(commands.COMMANDS, "recover", fail_with(ZeroDivisionError("a bug")))  # type: ignore[misc]
    assert exit_code_of(["recover"]) == 4
    assert "Traceback (most recent call last):" in capsys.readouterr().err


def test_ctrl_c_exits_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(commands.COMMANDS, "recover", fail_with(KeyboardInterrupt()))  # type: ignore[misc]
    assert exit_code_of(["recover"]) == 130
    assert capsys.readouterr().err == "gameday: interrupted\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_run_interrupted_before_a_verdict_exits_as_a_shell_reports_the_signal(
    number: signal.Signals, code: int
) -> None:
    before, stop = signal.getsignal(number), threading.Event()

    def interrupted_run() -> None:
        with stop_on_signals(stop):
            signal.raise_signal(number)
            assert stop.is_set(), "the signal asks the run to stop, and does not end the process"
            raise Interrupted("no drill has run")

    with pytest.raises(SignalledInterrupt, match="no drill has run") as raised:
        interrupted_run()
    assert raised.value.exit_code == code
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [
        ("stdout", ("plan", "--demo"), 141),
        ("stdout", ("show", "--demo", "--format", "json"), 141),
        ("stdout", ("plan", "--help"), 141),
        ("stdout", ("plan", "none.md"), 2),
        ("stderr", ("plan", "--demo"), 0),
        ("stderr", ("plan", "none.md"), 141),
        ("stderr", ("plan",), 141),
    ],
)
def test_closed_pipe_exits_141_without_a_message(
    closed: str, arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: write_end}
        done = subprocess.run([str(COMMAND), *arguments], **streams, text=True, cwd=tmp_path, env=env, check=False)  # type: ignore[call-overload]
    finally:
        os.close(write_end)
    assert done.returncode == code
    assert "Traceback" not in f"{done.stdout}{done.stderr}"
