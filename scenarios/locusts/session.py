"""Run one scenario in one locust process: statistics, load stream, faults and end."""

from __future__ import annotations

import logging
import os
from functools import partial

import gevent
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import LocalRunner, MasterRunner, Runner, WorkerRunner

from scenarios.generator import clock
from scenarios.generator.declare import HttpScenario, Scenario
from scenarios.generator.ledger import UNFINISHED
from scenarios.generator.plan import from_wire
from scenarios.generator.report import UNUSABLE, Report, raise_file_limit, settings_or_exit
from scenarios.generator.row import Wire, row_of_ages
from scenarios.generator.settings import known_schedule, positive
from scenarios.generator.statistics import OUTSTANDING, OUTSTANDING_ROW
from scenarios.traffic.driver import Driver, driver_of

from . import admin, form, helpers, tab
from .dispatch import dispatch_plans
from .engine import GeventEngine
from .lost_workers import beat_often
from .master import lead
from .outstanding import TICK_S, Outstanding, let_rates_fall
from .statistics_events import EventStatistics, use_own_buckets

PLAN_CHECK_S = 0.1
logger = logging.getLogger(__name__)


class Session:
    """One scenario in one locust process, driven by locust's events; created when locust imports the file.

    When a person runs locust, there is no load stream and usually no admin listener: only the load and locust's own
    statistics.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.settings = settings_or_exit()
        self.report = Report(scenario, self.settings)
        self.report.warn = logger.warning
        self._hard_end: gevent.Greenlet | None = None
        self._helpers: list[gevent.Greenlet] = []
        self._statistics: EventStatistics | None = None
        self._stopping = False
        use_own_buckets()
        beat_often()
        self._listen()

    def drive(self, user: User) -> None:
        """Generate arrivals by the dispatcher's plans until locust stops the run.

        Outstanding arrivals then have `--stop-timeout` to end; after that they count as unfinished.
        """
        environment = user.environment
        runner, host = _runner(environment), str(user.host)
        assert isinstance(runner, LocalRunner | WorkerRunner), "a master has no users"
        assert self._statistics is not None, "locust fires init before it spawns users"
        engine = GeventEngine(lambda error: self.broken(environment, error))
        driver = driver_of(engine, self.scenario, self.report, self._statistics, host, runner.worker_index)
        try:
            self._follow(driver, user)
            driver.drain()
            while driver.busy():
                gevent.sleep(PLAN_CHECK_S)
        finally:
            driver.stop()

    def _follow(self, driver: Driver, user: User) -> None:
        """Follow the plans until locust stops the run."""
        followed, host = None, user.host
        while not self._stopping:
            plan = from_wire(vars(user.environment.parsed_options))
            if plan != followed:
                if user.host != host:
                    driver.aim(str(user.host))
                driver.follow(plan)
            followed, host = plan, user.host
            gevent.sleep(PLAN_CHECK_S)

    def broken(self, environment: Environment, error: BaseException | None) -> None:
        """Stop the run after an internal error: its counts are incomplete."""
        self._give_up(environment, f"the generator broke: {error!r}")

    def _give_up(self, environment: Environment, why: str) -> None:
        """Stop the run with exit code 2. With a load stream, exit at once."""
        if self.report.streams:
            self.report.die(why)
        logger.error(why)
        environment.process_exit_code = UNUSABLE
        gevent.spawn(_stop, environment)

    def _listen(self) -> None:
        for hook, listener in (
            (events.init_command_line_parser, self._add_arguments),
            (events.init, self._begin),
            (events.test_start, self._limit),
            (events.test_stopping, self._wind_down),
            (events.user_error, self._user_error),
            (events.quitting, self._end),
        ):
            hook.add_listener(listener)  # type: ignore[no-untyped-call]  # locust leaves it unannotated

    def _add_arguments(self, parser: LocustArgumentParser) -> None:
        """Add the scenario's parameters, as options and as fields of the web UI."""
        rate, schedule = self.scenario.rate_per_s, self.scenario.schedule
        what = "Arrivals a second" if self._sends_requests() else "Connections to hold"
        parser.add_argument(
            "--rate", type=positive, default=float(rate), env_var="GAMEDAY_RATE",
            help=f"{what}, {rate:g} by default",
        )  # fmt: skip
        parser.add_argument(
            "--schedule", type=known_schedule, default=schedule, env_var="GAMEDAY_SCHEDULE",
            help=f"poisson or constant, with ramp, steps or spike; or trace FILE; {schedule} by default",
        )  # fmt: skip

    def _begin(self, environment: Environment, **_: object) -> None:
        form.check(environment)
        tab.add(environment, os.environ)
        if isinstance(environment.runner, MasterRunner):  # it generates no load
            dispatch_plans(environment, lead(environment, environment.runner, not self._sends_requests()))
            return
        dispatch_plans(environment, lambda *_: None)
        raise_file_limit()
        environment.events.report_to_master.add_listener(self._report)  # type: ignore[no-untyped-call]
        if isinstance(environment.runner, LocalRunner) and not self.report.streams:
            gevent.spawn(self._show_outstanding, Outstanding(environment))
            gevent.spawn(let_rates_fall, environment)
        self._statistics = EventStatistics(environment)
        self.report.give_up = partial(self._give_up, environment)
        port = self.settings.admin_port
        url = None if port is None else admin.serve(port, self.settings.admin_token, self.scenario.board)
        self.report.hello(url, "locust")
        self._helpers = helpers.start(self.report, self._count)

    def _count(self, until_s: float) -> None:
        if self._statistics is not None:
            self._statistics.unsent(self.report.ledger.unsent[self.scenario.series[0]])
        self.report.beat(until_s)

    def _sends_requests(self) -> bool:
        return isinstance(self.scenario, HttpScenario)

    def _show_outstanding(self, row: Outstanding) -> None:
        while True:
            gevent.sleep(TICK_S)
            row.update("this process", self._outstanding_row())

    def _outstanding_row(self) -> Wire:
        ages_s = self.report.ledger.outstanding_s(self.scenario.series[0], clock.now())
        return row_of_ages(ages_s).to_wire(*OUTSTANDING_ROW)

    def _report(self, data: dict[str, object], **_: object) -> None:
        """Add to the report of a worker what its statistics have no row for."""
        data[OUTSTANDING] = self._outstanding_row()

    def _wind_down(self, **_: object) -> None:
        self._stopping = True

    def _limit(self, environment: Environment, **_: object) -> None:
        self._stopping = False
        if isinstance(environment.runner, WorkerRunner):
            return  # the master ends the run
        if self._hard_end is not None:
            self._hard_end.kill(block=False)  # the timer of an earlier start in the web UI
        self._hard_end = gevent.spawn_later(self.settings.duration_s, _stop, environment)

    def _user_error(self, user_instance: User, exception: BaseException, **_: object) -> None:
        self.broken(user_instance.environment, exception)

    def _end(self, environment: Environment, **_: object) -> None:
        runner = _runner(environment)
        if not isinstance(runner, MasterRunner):
            runner.stop()
            gevent.killall(self._helpers)  # otherwise a beat during the last write would add a line after it
            self._count(clock.now())
            self.report.bye()
        if self.report.streams or all(str(error.error) == UNFINISHED for error in runner.errors.values()):
            environment.process_exit_code = environment.process_exit_code or 0  # a stop leaves arrivals unfinished


class OpenUser(User):
    """The single user of a process; generates the whole schedule, or its worker's share of it."""

    abstract = True
    session: Session

    @task
    def drive(self) -> None:
        """Generate arrivals until locust stops the run."""
        self.session.drive(self)
        raise StopUser


def user_class(scenario: type[Scenario]) -> type[User]:
    """Return a locust user class that generates the load of a scenario."""
    session = Session(scenario())
    host = session.settings.host or scenario.host
    members = {"session": session, "host": host, "__module__": scenario.__module__, "__doc__": scenario.__doc__}
    return type(f"{scenario.__name__}User", (OpenUser,), members)


def _stop(environment: Environment) -> None:
    """Stop the run; without a web UI, which could start another, end locust."""
    if environment.web_ui is None:
        _runner(environment).quit()
    else:
        _runner(environment).stop()


def _runner(environment: Environment) -> Runner:
    assert environment.runner is not None, "locust makes its runner before it fires an event"
    return environment.runner
