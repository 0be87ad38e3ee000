"""Duration of a whole drill, compared with a Chaos Toolkit + locust experiment of the same content."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

# Run by its path, this folder comes first, and its modules hide the packages of their name.
if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import machine
from benchmarks.machine import Machine
from benchmarks.peers.chaos_toolkit import run as chaos
from benchmarks.peers.chaos_toolkit.run import USERS, WINDOWS, run_peer
from benchmarks.slot_loss import ours
from benchmarks.slot_loss.ours import run_ours
from benchmarks.threshold import Threshold
from benchmarks.timed import Run, UnusableError, side_by_side
from harness.errors import GamedayError
from harness.platforms.local.platform import LocalPlatform

WINDOW_S = 30
"""Common window: Chaos Toolkit's reference runs load for 30 s in its example, as do the first examples of k6."""
SHORT_S = 10
"""Shortest window found in public: the example of chaostoolkit-locust waits 10 s before it reads a percentile."""
QUICK_WINDOW_S = 5
QUICK_S = 56.0
"""Time after which a quick run interrupts what still runs, which may take some seconds more."""
LIMIT_S = 280.0
_EXAMPLES = """\
examples:
  python benchmarks/gameday_time.py                   the whole: about 3 minutes
  python benchmarks/gameday_time.py --quick           within 60 s; the peer's 30-s windows are then computed
  python benchmarks/gameday_time.py --runs 3 --json   print JSON
  python benchmarks/gameday_time.py --without-remedy  broken on purpose: both sides must notice, exit 1
exit codes: 0 all thresholds met · 1 one is missed · 2 unusable environment
"""


@dataclass(frozen=True)
class Comparison:
    """All measurements; `ours` is the median of the warm runs."""

    cold: Run
    warm: tuple[Run, ...]
    peer: Run
    window_s: int

    @property
    def ours(self) -> Run:
        return sorted(self.warm, key=lambda run: run.seconds)[len(self.warm) // 2]

    @property
    def ours_all(self) -> tuple[Run, ...]:
        """All runs of ours, the cold one first."""
        return (self.cold, *self.warm)

    @property
    def whole(self) -> bool:
        """Whether every run ended as it should; the duration of one that did not is no measurement."""
        return self.peer.ok and all(run.ok for run in self.ours_all)

    @property
    def peer_rest_s(self) -> float:
        """Seconds that the peer spends outside its windows."""
        return self.peer.seconds - WINDOWS * self.window_s

    def peer_s(self, window_s: float) -> float:
        """Return the peer's duration in s with windows of this length; a fixed window always takes all of its time."""
        return self.peer_rest_s + WINDOWS * window_s

    def ratio(self, window_s: float) -> float:
        """Return how many times faster ours is than the peer with windows of this length."""
        return self.peer_s(window_s) / self.ours.seconds

    @property
    def break_even_s(self) -> float:
        """Window in s with which the peer takes as long as ours; below 0 no window is short enough."""
        return (self.ours.seconds - self.peer_rest_s) / WINDOWS


def thresholds(seen: Comparison, most_s: float, times: float) -> list[Threshold]:
    """Return the thresholds: ours passes, the peer observes the incident, ours is fast, and faster than the peer."""
    took_s, ratio, whole = seen.ours.seconds, seen.ratio(WINDOW_S), seen.whole
    bad = next((run for run in seen.ours_all if not run.ok), seen.ours)
    cut = "" if whole else ", of failed runs: no measurement"
    indicative = "" if seen.window_s == WINDOW_S else f" than with {WINDOW_S}-s windows (computed: indicative)"
    return [
        Threshold("every drill passed", bad.ok, bad.why),
        Threshold("the peer observed the incident and its end", seen.peer.ok, seen.peer.why),
        Threshold(f"ours takes at most {most_s:g} s", whole and took_s <= most_s, f"{took_s:.1f} s{cut}"),
        Threshold(
            f"ours is at least {times:g} times faster{indicative}", whole and ratio >= times, f"{ratio:.2f} times{cut}"
        ),
    ]


def measure(folder: Path, options: argparse.Namespace) -> Comparison:
    """Run the peer, then a cold run without a known variance, then the warm ones.

    A quick measurement runs the cold run in parallel with the peer, and its report states that.
    """
    until = time.monotonic() + (QUICK_S if options.quick else options.limit_s)
    window_s = QUICK_WINDOW_S if options.quick else options.window_s
    remedy = not options.without_remedy
    with ThreadPoolExecutor(1) as beside:
        _progress(f"Chaos Toolkit + locust: three windows of {window_s} s")
        other = beside.submit(run_peer, folder / "peer", window_s, until - time.monotonic(), remedy)
        if not options.quick:
            _progress(f"{other.result().seconds:.1f} s")
        _progress("gameday run: the first of its runs directory")
        cold = run_ours(folder / "runs" / "cold", until - time.monotonic(), remedy)
    peer, warm = other.result(), list[Run]()
    for number in range(1, (1 if options.quick else options.runs) + 1):
        _progress(f"{[cold, *warm][-1].seconds:.1f} s; gameday run: warm, {number}")
        warm.append(run_ours(folder / "runs" / f"warm-{number}", until - time.monotonic(), remedy))
    return Comparison(cold, tuple(warm), peer, window_s)


def _progress(text: str) -> None:
    print(f"gameday_time: {text}", file=sys.stderr, flush=True)


def to_text(seen: Comparison, checked: Sequence[Threshold], on: Machine, quick: bool) -> str:
    """Return the report as text."""
    parts = [machine.lines(on), _SCENARIO, side_by_side(seen.ours, seen.peer), _figures(seen, quick)]
    parts.append("".join(f"{threshold.line}\n" for threshold in checked))
    return "\n".join(parts)


_SCENARIO = f"""\
scenario  P95 of inference < 500 ms under {USERS} requests/s: baseline, loss of 32 of 40 worker slots, symptom, three
          steps, recovery. Ours also measures a control without a runbook, and checks again after the revert.
"""


def _figures(seen: Comparison, quick: bool) -> str:
    """Return times, ratios and the break-even, with computed ones marked."""
    warm = [run.seconds for run in seen.warm]
    text = f"cold      {seen.cold.seconds:.1f} s: the first run in its directory, without a variance from earlier runs"
    text += f"{', in parallel with the peer' if quick else ''}\n"
    text += f"warm      {seen.ours.seconds:.1f} s (median of {len(warm)}, {min(warm):.1f} to {max(warm):.1f})\n"
    if not seen.whole:
        return text + "ratio     none: a run failed, see below\n"
    for window_s in sorted({seen.window_s, SHORT_S, WINDOW_S}, reverse=True):
        how = "measured" if window_s == seen.window_s else "computed from the measured rest"
        text += f"ratio     {seen.ratio(window_s):.2f} times faster than with {window_s}-s windows"
        text += f" ({seen.peer_s(window_s):.1f} s, {how})\n"
    return text + _break_even(seen.break_even_s)


def _break_even(window_s: float) -> str:
    if window_s <= 0:
        text = "even      even without any window the peer would take longer than ours\n"
    else:
        text = (
            f"even      with windows of {window_s:.1f} s ({window_s * USERS:.0f} requests) the peer would be as quick\n"
        )
    return (
        text
        + "          A fixed window, however long, states no error rate of its verdict; each verdict of ours does.\n"
    )


def to_json(seen: Comparison, checked: Sequence[Threshold], on: Machine, quick: bool) -> str:
    """Return the report as JSON."""
    content = {
        "machine": on.to_json(),
        "quick": quick,
        "cold": seen.cold.to_json(),
        "warm": [run.to_json() for run in seen.warm],
        "ours": seen.ours.to_json(),
        "peer": seen.peer.to_json(),
        "window_s": seen.window_s,
        "ratio": seen.ratio(seen.window_s) if seen.whole else None,
        "ratio_with_30_s_windows": seen.ratio(WINDOW_S) if seen.whole else None,
        "break_even_window_s": seen.break_even_s if seen.whole else None,
        "thresholds": [asdict(threshold) for threshold in checked],
    }
    return json.dumps(content, indent=2) + "\n"


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not `{text}`")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    options = argparse.ArgumentParser(
        prog="gameday_time.py",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--quick", action="store_true", help="end within 60 s, with 5-s windows of the peer")
    options.add_argument("--json", action="store_true", help="print JSON instead of text")
    options.add_argument("--runs", type=_count, default=1, metavar="N", help="warm runs; the median counts (1)")
    options.add_argument(
        "--window-s", type=_count, default=WINDOW_S, metavar="S", help=f"the peer's windows ({WINDOW_S})"
    )
    options.add_argument("--at-most-s", type=float, default=10.0, metavar="S", help="maximum duration of ours (10)")
    options.add_argument(
        "--at-least", type=float, default=4.0, metavar="X", help="minimum ratio of the peer's duration to ours (4)"
    )
    options.add_argument(
        "--limit-s", type=float, default=LIMIT_S, metavar="S", help=f"maximum duration of the benchmark ({LIMIT_S:g})"
    )
    options.add_argument(
        "--keep", type=Path, metavar="DIR", help="folder for records, journals and logs (default: a temporary one)"
    )
    options.add_argument(
        "--without-remedy",
        action="store_true",
        help="broken on purpose: leave two steps without effect on both sides, which must exit 1",
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when all thresholds are met, 1 when one is missed, 2 for an unusable environment."""
    options = parser().parse_args(arguments)
    try:
        ours.check()
        chaos.check()
        LocalPlatform.check_machine()
        on = machine.this_machine(("locust", "chaostoolkit", "chaostoolkit-lib"))
        with tempfile.TemporaryDirectory(prefix="gameday-time-") as temporary:
            seen = measure((options.keep or Path(temporary)).resolve(), options)
    except (UnusableError, GamedayError) as error:
        _progress(str(error))
        return 2
    except KeyboardInterrupt:
        _progress("interrupted: nothing was measured")
        return 2
    checked = thresholds(seen, options.at_most_s, options.at_least)
    sys.stdout.write((to_json if options.json else to_text)(seen, checked, on, options.quick))
    return 0 if all(threshold.ok for threshold in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
