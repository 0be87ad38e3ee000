"""The content of a bindings file as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.bindings.compose.model import ComposeProject, ComposeService
from harness.bindings.loads import LoadSpec
from harness.conditions import Condition
from harness.conditions.prose import from_prose
from harness.manifests import Manifests
from harness.measures.probe import RequestProbe
from harness.measures.promql import Indicator
from harness.model import Runbook, Symptom
from harness.slo import Slo


class StepOrder(StrEnum):
    """In which order the steps of a runbook run: that of its lines, or with the toggles after all other steps."""

    DOCUMENT = "document"
    TOGGLES_LAST = "toggles-last"


@dataclass(frozen=True)
class FaultSpec:
    """One fault to inject: at the pods of the Deployment `at`, or at the load (`at: load`)."""

    at: str
    fault: str
    parameters: Mapping[str, float | str | bool] = field(default_factory=dict)
    max_duration_s: float = 300.0
    place: str = field(default="", compare=False)
    """File, line and column."""

    @property
    def text(self) -> str:
        """`inference: slot-loss slots=5`."""
        return " ".join([f"{self.at}: {self.fault}", *(f"{key}={value}" for key, value in self.parameters.items())])


@dataclass(frozen=True)
class SymptomBinding:
    """The condition of the symptom at a line, of each symptom that contains a text, or of an alert."""

    condition: Condition
    line: int | None
    contains: str | None
    alert: str | None = None
    """An alert that fires in the incident: a symptom that the document need not have."""
    place: str = field(default="", compare=False)

    def matches(self, symptom: Symptom) -> bool:
        """Whether this binding is for a symptom: by its line if given, else by text, ignoring case and spacing."""
        return identifies(self.line, self.contains, symptom)


def identifies(line: int | None, contains: str | None, symptom: Symptom) -> bool:
    """Whether a symptom is at the line if one is given, else whether it contains the text; False without any."""
    if line is not None:
        return symptom.line == line
    return contains is not None and _plain(contains) in _plain(symptom.text)


@dataclass(frozen=True)
class RunbookBinding:
    """How one runbook is drilled.

    `service` receives the load, `series` is the load series of symptoms that state only a number ("P95 > 500ms").
    `rate` is arrivals per second, or connections; None: the scenario's own, or that of the recording.
    """

    scenario: str
    service: str
    series: str
    fault: str
    slos: Mapping[str, Slo]
    symptoms: tuple[SymptomBinding, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None
    order: StepOrder = StepOrder.DOCUMENT
    document: str | None = None
    """The document that has the runbook, relative to the bindings file; None: not said."""
    load: LoadSpec | None = None
    """The load of the file that `scenario` names; None: it names a scenario."""
    users: int | None = None
    """Users of a plain locustfile, and how many of them start per second (None: all in the first second)."""
    spawn_rate: float | None = None
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """File, line and column of each key."""

    def conditions_of(self, symptom: Symptom) -> tuple[Condition, ...]:
        """The condition bound to a symptom, else those that its text states, all of which are needed."""
        bound = next((binding.condition for binding in self.symptoms if binding.matches(symptom)), None)
        return (bound,) if bound else from_prose(symptom.text, self.series)


LOG_SELECTOR = '{namespace="$namespace",app="$deployment"}'
"""The labels that the collectors of Grafana give to the log of a pod in Kubernetes."""
TCP = "tcp"
"""The health check that is a connection to the port."""


@dataclass(frozen=True)
class OwnService:
    """A service of the user, run by a command; the platform makes a Deployment and a Service of it."""

    name: str
    run: str
    """Text for `bash -c`."""
    folder: Path
    """Absolute: the command's working directory."""
    port: int = 8080
    """Of the Service and of each pod."""
    replicas: int = 1
    programs: tuple[str, ...] = ()
    """What `kubectl exec` in its pods may run, in addition to what every pod has."""
    env: Mapping[str, str] = field(default_factory=dict)
    """`$(NAME)` in a value stands for another variable, as in Kubernetes."""
    health: str = TCP
    """A path for GET, or `tcp`."""
    metrics: str | None = None
    """The path of its Prometheus text; None: it has none."""
    needs: tuple[str, ...] = ()
    """The services that must have a ready pod before it starts."""
    volume: str | None = None
    """The size of the volume of each pod, such as `64Mi`; None: it has none."""
    place: str = field(default="", compare=False)
    """File, line and column."""
    places: Mapping[str, str] = field(default_factory=dict, compare=False)
    """File, line and column of each key."""

    @property
    def source(self) -> str:
        """What its pods run."""
        return self.run

    def at(self, key: str) -> str:
        """`gameday.yaml:4:5: services.NAME.KEY`, for an error about one key."""
        return f"{self.places.get(key, self.place)}: services.{self.name}.{key}"


@dataclass(frozen=True)
class SequentialControl:
    """That there is one platform only, on which the control of each drill runs before the treatment."""

    why: str
    """What exists once."""
    observe_s: float | None = None
    """Seconds for which the control is observed from its fault on; None: gameday chooses."""
    place: str = field(default="", compare=False)
    """File, line and column; "": asked for on the command line, so that several platforms can run nevertheless."""


@dataclass(frozen=True)
class Undecided:
    """A key of the file that has no value yet."""

    runbook: str
    """The id of the runbook of whose entry it is a part; "" outside of them."""
    path: str
    place: str
    """File, line and column."""


@dataclass(frozen=True)
class Bindings:
    """A whole bindings file."""

    path: Path
    namespace: str
    placeholders: Mapping[str, str]
    toggles: Mapping[str, str]
    faults: Mapping[str, tuple[FaultSpec, ...]]
    runbooks: Mapping[str, RunbookBinding]
    probes: tuple[RequestProbe, ...] = ()
    """Requests that are sent on both sides of every drill, which no response may break."""
    services: Mapping[str, OwnService] = field(default_factory=dict)
    """Commands by name; empty: the platform has those of `compose` or of the manifests, or the shipped services."""
    compose: ComposeProject | None = None
    """The compose project that docker runs instead of the shipped services."""
    manifests: Manifests | None = None
    """The Kubernetes objects that a cluster deploys instead of the shipped services."""
    control: SequentialControl | None = None
    """None: the control has a platform of its own, and runs beside the treatment."""
    drafts: Mapping[str, RunbookBinding] = field(default_factory=dict)
    """Entries of runbooks with a required key without a value, "" here: they are not bound yet."""
    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    """What the services count, by load series: alert rules are made of it."""
    log_selector: str = LOG_SELECTOR
    """The streams in Loki that have the log of a Deployment, with `$namespace` and `$deployment`."""
    undecided: tuple[Undecided, ...] = ()
    """Every key without a value that a person has to decide, in the order of the file."""

    @property
    def own(self) -> Mapping[str, OwnService | ComposeService]:
        """The services of `services` or `compose`, by name."""
        return self.compose.services if self.compose else self.services

    @property
    def own_key(self) -> tuple[str, str] | None:
        """The key that says what runs in place of the shipped services, and its place; None without one."""
        if self.manifests:
            return "manifests", self.manifests.place
        if self.compose:
            return "compose", self.compose.place
        return next((("services", each.place) for each in self.services.values()), None)

    @property
    def own_deployments(self) -> tuple[str, ...]:
        """The Deployments that run in place of the shipped ones."""
        return tuple(self.manifests.deployments if self.manifests else self.own)

    @property
    def own_services(self) -> tuple[str, ...]:
        """The Services that run in place of the shipped ones, and can be reached by the load."""
        return tuple(self.manifests.entrances if self.manifests else self.own)

    @property
    def programs(self) -> frozenset[str]:
        """What the runbook may run in pods, in addition to what the policy allows everywhere."""
        of_manifests = self.manifests.programs if self.manifests else frozenset[str]()
        return of_manifests.union(name for each in self.own.values() for name in each.programs)

    def placeholders_of(self, runbook: Runbook | None) -> dict[str, str]:
        """The placeholders of the file, overridden by those of the runbook."""
        own = (self.runbooks.get(runbook.id) or self.drafts.get(runbook.id)) if runbook else None
        return {**self.placeholders, **(own.placeholders if own else {})}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
