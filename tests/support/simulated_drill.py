"""A simulated world for drills: load events of a made-up service on a clock of its own; no process, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.drill import Drill
from harness.errors import PlatformError
from harness.faults.base import Injection, Target
from harness.record.journal import Journal, read_events
from harness.stats.sequential import SLICE_S
from harness.verdict.gameday import GamedayResult, judge_record
from harness.verdict.judge import Judge
from harness.verdict.state import CONTROL, TREATMENT
from harness.verdict.steps import StepFacts

START_S = 1_000_000.0


def ran(purpose: str, command: str, status: int = 0, changed: tuple[str, ...] = ()) -> StepFacts:
    """A command of two words and more that ran alone, and ended with `status`."""
    return StepFacts(
        number=1,
        line=30,
        kind="command",
        purpose=purpose,
        text=command,
        bound=command,
        ran=True,
        programs=(" ".join(command.split()[:2]),),
        pipestatus=(status,),
        exit_status=status,
        changed=changed,
    )


@dataclass
class World:
    """`bad(side, seconds since the fault or None, healed)` is the bad fraction of a second's arrivals."""

    folder: Path
    bad: Callable[[str, float | None, bool], float]
    symptoms: tuple[tuple[str, str | None], ...] = (("errors", "error_rate(gateway) > 5%"),)
    dashboards: tuple[Mapping[str, object], ...] = ()
    steps: tuple[StepFacts, ...] = (
        ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",)),
    )
    rate: int = 100
    heals: bool = True
    revert_fails: bool = False
    silent_from: float | None = None
    known: Mapping[str, float] = field(default_factory=dict)
    """What earlier runs taught of the VIF."""
    over_ms: int | None = None
    """Bad arrivals, quick as they are, also count as slower than this: so says the contract of the load's stream."""
    late_from_response: int = 0
    """So many arrivals a second the generator starts late, once the response has begun."""
    now: float = START_S
    fault_at: float | None = None
    reverted_at: float | None = None
    healed: bool = False
    answered: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    at: Callable[[float], None] = lambda now: None
    on_apply: Callable[[], None] = lambda: None
    """Called just before the fault takes effect on a side."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "record.jsonl", clock=lambda: self.now)
        self.live: set[str] = set()

    def run(self) -> GamedayResult:
        """One drill; the result is computed from the record's file alone."""
        self.journal.write("gameday", {"document": "ops.md", "drills": ["WEB"], "findings": [], "procedures": []})
        judge = Judge(self.journal.write("drill", {"drill": "WEB", **self._header()}))
        self.journal.listen(judge.add)
        drill = Drill(
            sides=[_Side(name, self) for name in (TREATMENT, CONTROL)],
            faults=[_Fault(self)],
            judge=judge,
            tell=self.tell,
            stop=self.stop,
            respond=self._respond,
            clock=lambda: self.now,
            pause=self._pause,
        )
        drill.run()
        assert not self.live, "a side was left up"
        self.journal.close()
        return judge_record(list(read_events(self.journal.path)))

    def tell(self, ev: str, *, sync: bool = False, **fields: object) -> None:
        self.journal.write(ev, {"drill": "WEB", **fields}, sync=sync)

    def _header(self) -> dict[str, object]:
        symptoms = [
            {"line": 10 + n, "text": text, "condition": condition} for n, (text, condition) in enumerate(self.symptoms)
        ]
        return {
            "runbook": "WEB",
            "title": "Web",
            "line": 1,
            "fault": "f",
            "scenario": "web",
            "unbound": "",
            "symptoms": symptoms,
            "dashboards": list(self.dashboards),
            "slos": [{"name": "availability", "objective": "availability(gateway) >= 99%", "known": dict(self.known)}],
        }

    def _respond(self) -> None:
        self.answered = True
        for facts in self.steps:
            self.second()
            self.tell("step", facts=facts.to_json())
            self.healed = self.healed or self.heals

    def _pause(self, _: float) -> None:
        self.at(self.now - START_S)
        self.second()

    def second(self) -> None:
        """One second passes; each side that is up tells what was due in the second before."""
        self.now += 1.0
        for side in (name for name in (TREATMENT, CONTROL) if name in self.live):
            if self.silent_from is None or self.now - START_S < self.silent_from:
                self.tell("load", side=side, deltas=[self._delta(side, quarter) for quarter in range(4)])

    def _delta(self, side: str, quarter: int) -> dict[str, object]:
        since = None if self.fault_at is None or self.reverted_at is not None else self.now - self.fault_at
        bad = self._share(self.rate * self.bad(side, since, self.healed and side == TREATMENT), quarter)
        sent = self._share(self.rate, quarter)
        late = self._share(self.late_from_response, quarter) if self.answered else 0
        counts: dict[str, object] = {"sent": sent, "ok": sent - bad, "bad": {"http_503": bad}, "late": late}
        if self.over_ms is not None:
            counts["over"] = {str(self.over_ms): bad}
        return {"series": "gateway", "at": int(self.now) - 1 + quarter * SLICE_S, **counts}

    @staticmethod
    def _share(count: float, quarter: int) -> int:
        """What falls to one quarter of a second, so that the four add up."""
        return round(count * (quarter + 1) / 4) - round(count * quarter / 4)


@dataclass
class _Side:
    name: str
    world: World

    @property
    def target(self) -> Target:
        return Target(None, None)  # type: ignore[arg-type]

    def up(self) -> None:
        self.world.live.add(self.name)

    def down(self) -> None:
        self.world.live.discard(self.name)


@dataclass
class _Fault:
    world: World
    text: str = "f"

    def prepare(self, target: Target) -> Injection:
        return Injection("revert f", self._apply, self._revert)

    def _apply(self) -> None:
        self.world.on_apply()
        self.world.fault_at = self.world.now

    def _revert(self) -> None:
        if self.world.revert_fails:
            raise PlatformError("it sticks")
        self.world.reverted_at = self.world.now
