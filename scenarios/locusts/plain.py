"""`python -m scenarios.locusts.plain LOCUSTFILE`: run a locustfile that knows nothing of this project, for the harness.

locust itself runs it, headless, with GAMEDAY_USERS users. Its requests are counted in the load stream from locust's
request events: each in the series of the file's name, and in one of its own name.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import gevent
from locust import events, main
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, LocalRunner

from scenarios.generator.declare import Scenario
from scenarios.generator.report import UNUSABLE, Report, settings_or_exit
from scenarios.generator.settings import positive

from . import admin, helpers
from .requests_seen import RequestsSeen

SURGE_CHECK_S = 0.1
STOP_TIMEOUT_S = 30
"""For a user that a surge has left over: its request is completed, because its outcome depends on the server."""


class Users(Scenario):
    """The load of a locustfile; `rate_per_s` is the number of its users."""

    host: ClassVar[str] = ""


class PlainSession:
    """One run of a locustfile, driven by locust's events."""

    def __init__(self, scenario: Scenario, spawn_rate: float) -> None:
        self._scenario, self._users, self._spawn_rate = scenario, round(scenario.rate_per_s), spawn_rate
        self._settings = settings_or_exit()
        self.report = Report(scenario, self._settings)
        self._seen = RequestsSeen(self.report, scenario.series[0], self._settings.host or "")
        self._helpers: list[gevent.Greenlet] = []

    def listen(self) -> None:
        """Follow locust from its start to its end."""
        self._seen.follow_clients()
        for hook, listener in (
            (events.init, self._begin),
            (events.request, self._seen.ended),
            (events.user_error, self._seen.user_failed),
            (events.quitting, self._end),
        ):
            hook.add_listener(listener)  # type: ignore[no-untyped-call]  # locust leaves it unannotated

    def _begin(self, environment: Environment, **_: object) -> None:
        runner = environment.runner
        if not isinstance(runner, LocalRunner):
            self.report.die("a locust.conf or LOCUST_ variable makes it a master or worker: remove that setting")
        if environment.shape_class is not None:
            shape = type(environment.shape_class).__name__
            self.report.die(f"the load shape {shape} would change the users in the drill: remove it")
        port = self._settings.admin_port
        url = None if port is None else admin.serve(port, self._settings.admin_token, self._scenario.board)
        self.report.hello(url, f"locust, {self._users} users")
        self._helpers = helpers.start(self.report, self.report.beat, lambda: self._follow_surges(runner))

    def _follow_surges(self, runner: LocalRunner) -> None:
        """Multiply the users by the factor of the active surges, from locust's own start on."""
        present = self._users
        while True:
            gevent.sleep(SURGE_CHECK_S)
            wanted = max(1, round(self._users * self._scenario.surge()))
            if wanted != present and runner.state in (STATE_SPAWNING, STATE_RUNNING):
                present = wanted
                runner.start(wanted, self._spawn_rate)

    def _end(self, environment: Environment, **_: object) -> None:
        runner = environment.runner
        assert runner is not None, "locust makes its runner before it fires an event"
        environment.stop_timeout = 0
        runner.stop()
        gevent.killall(self._helpers)  # otherwise a beat during the last write would add a line after it
        self._seen.finish()
        self.report.bye()
        environment.process_exit_code = environment.process_exit_code or 0  # failed requests are in the stream


def run(file: Path) -> None:
    """Run a locustfile until a signal ends it, with its own folder as the working directory."""
    users, spawn_rate = _number("GAMEDAY_USERS"), _number("GAMEDAY_SPAWN_RATE")
    members = {"name": file.stem, "series": (file.stem,), "rate_per_s": users}
    session = PlainSession(type("Users", (Users,), members)(), spawn_rate)
    session.listen()
    os.chdir(file.parent)
    _forget_own_package(file.parent)
    sys.argv = [
        *("locust", "--locustfile", str(file), "--headless", "--only-summary", "--stop-timeout", f"{STOP_TIMEOUT_S}"),
        *("--users", f"{users:.0f}", "--spawn-rate", f"{spawn_rate:g}", "--host", os.environ.get("GAMEDAY_HOST", "")),
    ]
    main.main()  # type: ignore[no-untyped-call]  # locust leaves it unannotated


def _forget_own_package(folder: Path) -> None:
    """Let the locustfile import a package of its own that is called `scenarios` too; what is imported here stays."""
    own = Scenario.__module__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == own]:
        del sys.modules[name]
    theirs = folder / own
    if theirs.is_dir() and not (theirs / "__init__.py").exists():  # Python would prefer ours, which has one
        package = ModuleType(own)
        package.__path__ = [str(theirs)]
        sys.modules[own] = package


def _number(variable: str) -> float:
    text = os.environ.get(variable, "1")
    try:
        return positive(text)
    except ValueError as error:
        sys.stderr.write(f"{variable}={text!r} in the environment cannot be used: {error}\n")
        sys.exit(UNUSABLE)


if __name__ == "__main__":
    run(Path(sys.argv[1]).resolve())
