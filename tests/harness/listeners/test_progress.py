"""The progress display: values, intervals and the estimated time left; rewritten in place at a terminal."""

import io
import re
from pathlib import Path

import pytest

from harness.drill import Limits
from harness.listeners.progress import Live
from harness.listeners.screen import Screen
from harness.stats.inflation import ENOUGH_S, VifEstimate
from tests.support.hostile import CONTROL, control_characters
from tests.support.simulated_drill import World, incident


class Terminal(io.StringIO):
    """A stream that reports to be a terminal."""

    def isatty(self) -> bool:
        return True


def shown(folder: Path, stream: io.StringIO, **changes: object) -> list[str]:
    """The lines of a drill; at a terminal with their control sequences."""
    world = World(folder, incident, **changes)  # type: ignore[arg-type]
    world.journal.deliver_to(Live(world.judges.of, stream, columns=160))
    world.run()
    return stream.getvalue().split("\n")


def test_progress_without_a_terminal_is_a_plain_log(tmp_path: Path) -> None:
    lines = shown(tmp_path, io.StringIO())
    assert "\033" not in "".join(lines)
    waiting = [line for line in lines if re.search(r"about \d+ s more", line)]
    assert re.search(r"about 10 s more · availability 100 % \(≥ \S+\) >= 99%", waiting[0]), waiting[0]
    expected = [int(re.search(r"about (\d+) s", line)[1]) for line in waiting if "baseline" not in line]  # type: ignore[index]
    assert expected[0] > expected[1] > expected[2]


def test_each_deciding_phase_ends_with_its_decision_and_duration(tmp_path: Path) -> None:
    lines = shown(tmp_path, io.StringIO())
    for phase, text in (
        ("baseline", "every SLO holds, decided after 1"),
        ("symptoms", "all symptoms are present, decided after"),
        ("recovery", "the SLOs recovered, decided after"),
        ("control", "the control stayed broken, decided after"),
        ("after-revert", "every SLO holds, decided after 1"),
    ):
        assert any(f"✓ {phase}: {text}" in line for line in lines), phase


def test_alerts_and_what_is_done_about_them_are_shown(tmp_path: Path) -> None:
    lines = shown(tmp_path, io.StringIO(), heals=False, answers_alerts=True, limits=Limits(recovery_s=5.0))
    about = [line[25:].strip() for line in lines if " alert 1" in line]
    assert about[0].startswith(
        "✗ alert 1, P0: availability 50 % (objective availability(gateway) >= 99%): burn rate 50"
    )
    assert about[1:] == [
        "alert 1 acknowledged by simulation", "alert 1 investigating by simulation",
        "alert 1 escalated to level 2 by simulation", "alert 1 escalated to level 3 by simulation",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (lambda *_: 0.2, "✗ baseline: an SLO is broken before the fault, decided after 1"),
        (lambda *_: 0.01, "? baseline: undecided at its limit, after 75.0 s: still waiting for all SLOs to hold"),
    ],
)
def test_broken_and_undecided_baselines_are_shown_differently(tmp_path: Path, bad: object, text: str) -> None:
    stream = io.StringIO()
    world = World(tmp_path, bad)  # type: ignore[arg-type]
    world.journal.deliver_to(Live(world.judges.of, stream, columns=160))
    assert world.run().exit_code == 3
    assert text in stream.getvalue()


def test_progress_at_a_terminal_rewrites_one_line(tmp_path: Path) -> None:
    stream = Terminal()
    shown(tmp_path, stream)
    text = stream.getvalue()
    assert text.count("\033[1A\033[J") > 20
    screen = replayed(text)
    assert len([line for line in screen if "s more" in line]) == 0, "no status line is left at the end"
    assert len([line for line in screen if "decided after" in line]) == 5


def replayed(text: str) -> list[str]:
    """The lines that are left on a terminal: `up one line and clear` takes the last one away."""
    lines = [""]
    for part in re.split(r"(\033\[\d+A\033\[J|\n)", text):
        if part == "\n":
            lines.append("")
        elif match := re.match(r"\033\[(\d+)A", part):
            del lines[-1 - int(match[1]) :]
            lines.append("")
        else:
            lines[-1] += part
    return lines


def test_screen_has_a_status_line_per_drill_and_cuts_long_lines() -> None:
    stream = Terminal()
    screen = Screen(stream, columns=20)
    screen.status("A", "first")
    screen.status("B", "second" * 9)
    screen.print("printed")
    screen.status("A", None)
    left = [re.sub(r"\033\[\d*m", "", line) for line in replayed(stream.getvalue())]
    assert left == ["printed", "secondsecondseconds…", ""]


def test_known_vif_shortens_the_estimated_time_left(tmp_path: Path) -> None:
    (tmp_path / "cold").mkdir()
    (tmp_path / "warm").mkdir()
    cold = _of_baseline(shown(tmp_path / "cold", io.StringIO(), rate=600))
    warm = _of_baseline(shown(tmp_path / "warm", io.StringIO(), rate=600, known=VifEstimate(1.3, ENOUGH_S)))
    assert any("about 10 s more" in line for line in cold)
    assert not any("about 10 s more" in line for line in warm)


def _of_baseline(lines: list[str]) -> list[str]:
    return lines[: next(number for number, line in enumerate(lines) if "✓ baseline" in line)]


def test_control_characters_of_the_document_are_escaped(tmp_path: Path) -> None:
    lines = shown(tmp_path, io.StringIO(), title=CONTROL, symptoms=((CONTROL, "error_rate(gateway) > 5%"),))
    assert any(r"\x1b]0;owned" in line for line in lines)
    assert control_characters("".join(lines)) == set()
