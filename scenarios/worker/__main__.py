"""`python -m scenarios.worker SCENARIO.py`: run the load of a scenario, alone or as a worker of a locust master."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

import uvloop

from scenarios.generator.declare import Scenario
from scenarios.generator.own_code import ScenarioFailed
from scenarios.generator.report import UNUSABLE, settings_or_exit
from scenarios.generator.schedule import HELP
from scenarios.generator.settings import Settings, duration_s, known_schedule, positive, tick_ms

from .rows import Rows
from .run import Drive, Worker, drive_alone, drive_by_hand

T = TypeVar("T")
EXAMPLES = """examples:
  python -m scenarios.worker scenarios/timeout.py --host http://127.0.0.1:8080 --rate 200 --run-time 30s
  python -m scenarios.worker scenarios/timeout.py --schedule 'constant ramp 0 1 60' --tick-ms 1
  locust -f scenarios/timeout.py --master & python -m scenarios.worker scenarios/timeout.py --master-host 127.0.0.1
"""


def main() -> None:
    """Run the command. Exits 0 after a normal end, 2 for unusable input."""
    options, settings = _read()
    scenario = _load(options.scenario)
    host = options.host or settings.host or scenario.host
    worker = Worker(
        scenario, settings, host, Rows(wanted=settings.stream_fd is None or options.master_host is not None)
    )
    drive: Drive = drive_alone if worker.report.streams else drive_by_hand
    if options.master_host is not None:
        from .master import drive_under  # noqa: PLC0415  # ZeroMQ is needed only with a master

        drive = partial(drive_under, options.master_host, options.master_port)
    try:
        uvloop.run(worker.serve(drive))
    except (ValueError, OSError, ScenarioFailed) as error:
        _unusable(str(error))


def _read() -> tuple[argparse.Namespace, Settings]:
    parser = argparse.ArgumentParser(
        "python -m scenarios.worker", description="Run a scenario, alone or as a worker of a locust master.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.py", help="Python file that declares one scenario")
    parser.add_argument("--host", help="base URL (default: GAMEDAY_HOST, then the scenario's)")
    parser.add_argument("--rate", type=_checked(positive), help="arrivals a second, or open connections (GAMEDAY_RATE)")
    parser.add_argument("--schedule", type=_checked(known_schedule), help=f"{HELP} (GAMEDAY_SCHEDULE)")
    parser.add_argument(
        "--tick-ms",
        type=_checked(tick_ms),
        help="send arrivals in batches every tick; 0: each when due (GAMEDAY_TICK_MS)",
    )
    parser.add_argument(
        "-t",
        "--run-time",
        type=_checked(duration_s),
        metavar="DURATION",
        help="maximum duration, as 30, 30s or 1h20m30s (GAMEDAY_DURATION_S in seconds, 900)",
    )
    parser.add_argument("--master-host", help="address of a locust master, whose web form sets host, rate and schedule")
    parser.add_argument("--master-port", type=int, default=5557, help="port of the master (5557)")
    options = parser.parse_args()
    settings = settings_or_exit()
    given = {
        "rate_per_s": options.rate,
        "schedule": options.schedule,
        "tick_s": None if options.tick_ms is None else options.tick_ms / 1e3,
        "duration_s": options.run_time,
    }
    return options, replace(settings, **{name: value for name, value in given.items() if value is not None})


def _checked(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Wrap `parse` so that argparse shows the message of its ValueError."""

    def checked(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


def _load(path: Path) -> Scenario:
    """Load the scenario of a file, under another module name so that a `json.py` does not hide Python's."""
    if not path.is_file():
        _unusable(f"{path}: no such file; name a Python file that declares a scenario, such as scenarios/timeout.py")
    name = f"scenario_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a file location always gives a spec"
    assert spec.loader is not None, "a file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # of the scenario's own code
        _unusable(f"{_raised_at(error, path)}: the scenario cannot be loaded: {type(error).__name__}: {error}")
    found = [
        each for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Scenario) and each.__module__ == name
    ]  # fmt: skip
    if len(found) != 1:
        _unusable(f"{path}: it must declare one scenario, not {len(found)}; see scenarios/timeout.py")
    return found[0]()


def _raised_at(error: Exception, path: Path) -> str:
    """Return file and line of the scenario at which loading it failed."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
    return f"{path}:{line}" if line else str(path)


def _unusable(why: str) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    main()
