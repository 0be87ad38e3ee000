"""Read `gameday.yaml`, which maps a runbook to a platform, its SLOs and a fault. Format: docs/reference/bindings.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from glob import escape, glob
from pathlib import Path
from typing import TypeVar

import yaml

from harness import shipped
from harness.conditions import Condition, from_prose, parse
from harness.errors import BindingError, ConditionError
from harness.model import Runbook, Symptom
from harness.slo import Catalogue, Slo, read_slos

T = TypeVar("T")
FILE_NAME = "gameday.yaml"


@dataclass(frozen=True)
class FaultSpec:
    """One thing that goes wrong: at the pods of a Deployment, or at the load (`at: load`)."""

    at: str
    fault: str
    parameters: Mapping[str, float | str | bool] = field(default_factory=dict)
    max_duration_s: float = 300.0

    @property
    def text(self) -> str:
        """`inference: slot-loss slots=5`."""
        return " ".join([f"{self.at}: {self.fault}", *(f"{key}={value}" for key, value in self.parameters.items())])


@dataclass(frozen=True)
class SymptomBinding:
    """A condition for the symptom at a line, or for those that contain some words."""

    condition: Condition
    line: int | None
    words: str | None

    def matches(self, symptom: Symptom) -> bool:
        """By line where one is given; else by words, case and spacing ignored."""
        if self.line is not None:
            return symptom.line == self.line
        return _plain(self.words or "") in _plain(symptom.text)


@dataclass(frozen=True)
class RunbookBinding:
    """How one incident class is drilled.

    `service` is the Service that the load goes to, `series` the load series that a symptom stating a bare number is
    about, `rate` arrivals per second or connections (None: the scenario's own).
    """

    scenario: str
    service: str
    series: str
    fault: str
    slos: Mapping[str, Slo]
    symptoms: tuple[SymptomBinding, ...] = ()
    placeholders: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None

    def condition_of(self, symptom: Symptom) -> Condition | None:
        """What was bound; else what the text itself states; else None."""
        bound = next((binding.condition for binding in self.symptoms if binding.matches(symptom)), None)
        return bound or from_prose(symptom.text, self.series)


@dataclass(frozen=True)
class Bindings:
    """A whole bindings file."""

    path: Path
    namespace: str
    placeholders: Mapping[str, str]
    toggles: Mapping[str, str]
    faults: Mapping[str, tuple[FaultSpec, ...]]
    runbooks: Mapping[str, RunbookBinding]

    def placeholders_of(self, runbook: Runbook | None) -> dict[str, str]:
        """The document's placeholders, with a runbook's own on top."""
        own = self.runbooks.get(runbook.id) if runbook else None
        return {**self.placeholders, **(own.placeholders if own else {})}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def find(runbook: Path, named: Path | None) -> Path:
    """The bindings file: the one that was named, one beside the runbook, the working directory's, the project's."""
    if named:
        return named
    places = [runbook.resolve().parent, Path.cwd(), shipped.ROOT]
    for place in places:
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    raise BindingError(
        f"{FILE_NAME}: not in {', '.join(map(str, places))}; write one (docs/reference/bindings.md) or use --bindings"
    )


def load(path: Path) -> Bindings:
    """Read a bindings file; every problem in it is in the one BindingError that this raises."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BindingError(f"{path}: cannot be read ({error.strerror}); name a bindings file by --bindings") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BindingError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    reader = _Reader(path)
    bindings = reader.bindings(data)
    problems = [*(f"{path}: {problem}" for problem in reader.problems), *reader.slo_problems]
    if problems:
        raise BindingError("\n".join(problems) + "\nForms: docs/reference/bindings.md, docs/reference/slos.md")
    return bindings


class _Reader:
    """Turns YAML into dataclasses, collecting every problem with the place it is at."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self.slo_problems: list[str] = []
        """With places of their own: a bindings file names OpenSLO files."""

    def _map(self, value: object, place: str, known: tuple[str, ...] | None = None) -> dict[str, object]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problems.append(f"{place}: a mapping belongs here, not {type(value).__name__}")
            return {}
        found = {str(key): item for key, item in value.items()}
        for key in found:
            if known is not None and key not in known:
                self.problems.append(f"{place}.{key}: not known here; known are {', '.join(known)}")
        return found

    def _list(self, value: object, place: str) -> list[object]:
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.problems.append(f"{place}: a list belongs here, not {type(value).__name__}")
        return []

    def _words(self, value: object, place: str) -> dict[str, str]:
        return {key: str(item) for key, item in self._map(value, place).items()}

    def _need(self, data: Mapping[str, object], key: str, place: str) -> str:
        value = data.get(key)
        if value is None or isinstance(value, dict | list):
            self.problems.append(f"{place}.{key}: missing")
            return ""
        return str(value)

    def _number(self, value: object, place: str) -> float | None:
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
            return value
        self.problems.append(f"{place}: a number above 0 belongs here, not `{value}`")
        return None

    def _condition(self, text: object, place: str) -> Condition | None:
        try:
            return parse(str(text))
        except ConditionError as error:
            self.problems.append(f"{place}: {error}")
            return None

    def _each(self, data: Mapping[str, object], place: str, build: Callable[[object, str], T | None]) -> dict[str, T]:
        built = {key: build(value, f"{place}.{key}") for key, value in data.items()}
        return {key: value for key, value in built.items() if value is not None}

    def bindings(self, data: object) -> Bindings:
        known = ("version", "namespace", "placeholders", "toggles", "slos", "slo_files", "faults", "runbooks")
        top = self._map(data, "top", known)
        if top.get("version") != 1:
            self.problems.append(f"version: this gameday reads version 1, not `{top.get('version')}`")
        slos = self._catalogue(top)
        faults = self._each(self._map(top.get("faults"), "faults"), "faults", self._fault)
        runbooks = self._each(
            self._map(top.get("runbooks"), "runbooks"),
            "runbooks",
            lambda value, place: self._runbook(value, place, slos, faults),
        )
        return Bindings(
            path=self.path,
            namespace=str(top.get("namespace", "production")),
            placeholders=self._words(top.get("placeholders"), "placeholders"),
            toggles=self._words(top.get("toggles"), "toggles"),
            faults=faults,
            runbooks=runbooks,
        )

    def _catalogue(self, top: Mapping[str, object]) -> Catalogue:
        """The SLOs of the OpenSLO files, and those that are written here in one line."""
        patterns = [str(item) for item in self._list(top.get("slo_files"), "slo_files")]
        files = [path for pattern in patterns for path in self._files(pattern)]
        found = read_slos(list(dict.fromkeys(files)), self._map(top.get("slos"), "slos"), f"{self.path}: slos")
        self.slo_problems += found.problems
        return found

    def _files(self, pattern: str) -> list[Path]:
        """Relative to the bindings file; the same order everywhere."""
        found = sorted(Path(name) for name in glob(str(Path(escape(str(self.path.parent))) / pattern), recursive=True))
        if not found:
            self.problems.append(
                f"slo_files: `{pattern}` matches no file beside {self.path.name}; docs/reference/slos.md shows one"
            )
        return found

    def _fault(self, value: object, place: str) -> tuple[FaultSpec, ...]:
        return tuple(
            self._fault_part(part, f"{place}[{number}]") for number, part in enumerate(self._list(value, place))
        )

    def _fault_part(self, value: object, place: str) -> FaultSpec:
        data = self._map(value, place)
        own = ("at", "fault", "max_duration_s")
        parameters: dict[str, float | str | bool] = {}
        for key, item in data.items():
            if key not in own and isinstance(item, int | float | str | bool):
                parameters[key] = item
        duration = self._number(data.get("max_duration_s", 300.0), f"{place}.max_duration_s") or 300.0
        return FaultSpec(self._need(data, "at", place), self._need(data, "fault", place), parameters, duration)

    def _runbook(
        self, value: object, place: str, slos: Catalogue, faults: Mapping[str, tuple[FaultSpec, ...]]
    ) -> RunbookBinding:
        known = ("scenario", "service", "series", "fault", "slos", "symptoms", "placeholders", "rate")
        data = self._map(value, place, known)
        return RunbookBinding(
            fault=self._fault_name(data, place, faults),
            slos=self._slos(data.get("slos"), f"{place}.slos", slos),
            symptoms=self._symptoms(data.get("symptoms"), f"{place}.symptoms"),
            scenario=self._need(data, "scenario", place),
            service=self._need(data, "service", place),
            series=self._need(data, "series", place),
            placeholders=self._words(data.get("placeholders"), f"{place}.placeholders"),
            rate=self._number(data.get("rate"), f"{place}.rate"),
        )

    def _fault_name(self, data: Mapping[str, object], place: str, known: Mapping[str, object]) -> str:
        fault = self._need(data, "fault", place)
        if fault and fault not in known:
            self.problems.append(f"{place}.fault: there is no fault `{fault}`; known are {', '.join(known) or 'none'}")
        return fault

    def _slos(self, value: object, place: str, known: Catalogue) -> dict[str, Slo]:
        names = [str(name) for name in self._list(value, place)]
        for name in names:
            if not known.named(name):
                there = ", ".join(slo.name for slo in known.slos) or "none"
                self.problems.append(f"{place}: there is no SLO `{name}`; known are {there}")
        if not names:
            self.problems.append(f"{place}: missing; without an SLO nothing can be judged")
        return {slo.name: slo for name in names for slo in known.named(name)}

    def _symptoms(self, value: object, place: str) -> tuple[SymptomBinding, ...]:
        found = (self._symptom(item, f"{place}[{number}]") for number, item in enumerate(self._list(value, place)))
        return tuple(symptom for symptom in found if symptom)

    def _symptom(self, value: object, place: str) -> SymptomBinding | None:
        data = self._map(value, place, ("line", "words", "is"))
        condition = self._condition(self._need(data, "is", place), f"{place}.is")
        line, words = data.get("line"), data.get("words")
        if not isinstance(line, int | None) or (line is None) == (words is None):
            self.problems.append(f"{place}: one of `line` (a number) and `words` says which symptom this is")
            return None
        return None if condition is None else SymptomBinding(condition, line, None if words is None else str(words))
