"""Finds and reads a bindings file; every problem in it is reported at once, with file, line and column."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from glob import escape, glob
from pathlib import Path

from harness import shipped
from harness.bindings.compose import read_project
from harness.bindings.file_schema import CONTAINS_KEYS, FAULT_KEYS, RUNBOOK_KEYS, check
from harness.bindings.loads import LoadSpec, read_loads
from harness.bindings.model import (
    LOG_SELECTOR,
    Bindings,
    FaultSpec,
    OwnService,
    RunbookBinding,
    SequentialControl,
    StepOrder,
    SymptomBinding,
    Undecided,
)
from harness.bindings.services import check_references, read_services
from harness.conditions import parse
from harness.errors import BindingError
from harness.manifests import Manifests, read_manifests
from harness.measures.probe import RequestProbe
from harness.measures.promql import Indicator
from harness.schema.tree import Tree, UnreadableError, read
from harness.slo import Catalogue, read_slos

FILE_NAME = "gameday.yaml"
_DEFAULT_NAMESPACE = "production"
_DEFAULT_MAX_DURATION_S = 300.0


def find(runbook: Path, named: Path | None, *, or_shipped: bool = True) -> Path:
    """Return the bindings file: `named` if given, else one beside the runbook, in the working directory, or shipped.

    Raises BindingError when there is none.
    """
    if named:
        return named
    folders = [runbook.resolve().parent, Path.cwd(), *([shipped.ROOT] if or_shipped else [])]
    for folder in folders:
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    fact = f"not found in {', '.join(map(str, folders))}"
    raise BindingError(f"{FILE_NAME}: {fact}; `gameday init RUNBOOK` writes one; or name it with --bindings")


@dataclass(frozen=True)
class FileProblem:
    """A problem of a bindings file or of an SLO file that it names."""

    text: str
    """The whole message, which begins with file, line and column."""
    path: str = ""
    """The wrong value, such as `runbooks.TIMEOUT.fault`; "" in an SLO file."""


def load(path: Path) -> Bindings:
    """Read a bindings file. Raises one BindingError with every problem in it."""
    found, problems = examine(path)
    if problems:
        lines = "\n".join(each.text for each in problems)
        raise BindingError(f"{lines}\nForms: docs/reference/bindings.md, docs/reference/slos.md")
    return found


def examine(path: Path) -> tuple[Bindings, tuple[FileProblem, ...]]:
    """The entries of a bindings file without a problem, and every problem in it. Raises BindingError if it is no
    mapping in YAML."""
    tree = _tree(path)
    problems = _Problems()
    check(tree, "", problems.report)
    slos = _slos(path, tree, problems)
    loads = read_loads(_entries(tree, "loads"), path.parent, problems.report)
    _check_references(tree, slos, problems)
    check_references(tree.at("services"), path.parent, problems.report)
    project = read_project(tree.at("compose"), path.parent, problems.report)

    def sound(key: str) -> Iterator[tuple[str, Tree]]:
        yield from ((name, each) for name, each in _entries(tree, key).items() if not problems.below(f"{key}.{name}"))

    entries = {name: (each, _runbook(each, slos, loads)) for name, each in sound("runbooks")}
    namespace = tree.fields["namespace"].written if "namespace" in tree.fields else _DEFAULT_NAMESPACE
    found = Bindings(
        path=path,
        namespace=namespace,
        placeholders=_texts(tree.at("placeholders")),
        toggles=_texts(tree.at("toggles")),
        faults={name: tuple(map(_fault, each.items)) for name, each in sound("faults")},
        runbooks={name: bound for name, (each, bound) in entries.items() if RUNBOOK_KEYS.keys() <= each.fields.keys()},
        probes=tuple(_probe(name, each) for name, each in sound("probes")),
        services=_services(tree, path.parent, problems),
        manifests=_manifests(tree, path.parent, namespace, problems),
        control=None if problems.below("control") else _control(tree.at("control")),
        compose=project,
        drafts={name: bound for name, (each, bound) in entries.items() if RUNBOOK_KEYS.keys() - each.fields.keys()},
        indicators={name: Indicator(**_texts(each)) for name, each in sound("indicators")},
        log_selector=_texts(tree.at("loki")).get("selector", LOG_SELECTOR),
        undecided=tuple(_undecided(tree)),
    )
    return found, tuple(problems.found)


def _services(tree: Tree, beside: Path, problems: _Problems) -> dict[str, OwnService]:
    """The services; of one with a problem only the name, so that what refers to it has no problem."""
    entries = _entries(tree, "services")
    wrong = {name for name in entries if problems.below(f"services.{name}")}
    sound = Tree({name: each for name, each in entries.items() if name not in wrong}, tree.place)
    named = {name: OwnService(name, "", beside, metrics="/metrics") for name in wrong}
    return {name: (named | read_services(sound, beside))[name] for name in entries}


def _manifests(tree: Tree, beside: Path, namespace: str, problems: _Problems) -> Manifests | None:
    """The manifests; None without them, or if the key itself is wrong."""
    found = tree.at("manifests")
    if found is None or problems.below("manifests"):
        return None
    return read_manifests(found, beside, namespace, lambda text: problems.found.append(FileProblem(text, "manifests")))


@dataclass
class _Problems:
    found: list[FileProblem] = field(default_factory=list)

    def report(self, tree: Tree, path: str, fact: str) -> None:
        self.found.append(FileProblem(f"{tree.place}: {path}{': ' if path else ''}{fact}", path))

    def below(self, path: str) -> bool:
        """Whether a value or anything below it has a problem."""
        return any(each.path == path or each.path.startswith((f"{path}.", f"{path}[")) for each in self.found)


def _tree(path: Path) -> Tree:
    """The one document of the file; an empty file is an empty mapping."""
    try:
        documents = read(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise BindingError(f"{path}: cannot be read ({error.strerror}); name a bindings file with --bindings") from None
    except UnicodeDecodeError:
        raise BindingError(f"{path}: not UTF-8 text; name a bindings file with --bindings") from None
    except UnreadableError as error:
        raise BindingError(str(error)) from None
    if len(documents) > 1:
        raise BindingError(f"{documents[1].place}: a second document; a bindings file has exactly one")
    return documents[0] if documents else Tree({}, f"{path}:1:1")


def _slos(path: Path, tree: Tree, problems: _Problems) -> Catalogue:
    """The SLOs of the OpenSLO files and of the one-line conditions."""
    listed = tree.at("slo_files")
    files = [file for pattern in (listed.items if listed else ()) for file in _files(path, pattern, problems)]
    found = read_slos(list(dict.fromkeys(files)), _entries(tree, "slos"))
    problems.found += map(FileProblem, found.problems)
    return found


def _files(path: Path, pattern: Tree, problems: _Problems) -> list[Path]:
    """The files that match a pattern relative to the bindings file, sorted."""
    found = glob(str(Path(escape(str(path.parent))) / pattern.written), recursive=True)
    if not found:
        fact = f"`{pattern.written}` matches no file in {path.parent}; docs/reference/slos.md shows an OpenSLO file"
        problems.report(pattern, "slo_files", fact)
    return sorted(map(Path, found))


def _check_references(tree: Tree, slos: Catalogue, problems: _Problems) -> None:
    """Every runbook names a fault and SLOs that exist."""
    faults = _entries(tree, "faults")
    for name, runbook in _entries(tree, "runbooks").items():
        fault = runbook.at("fault")
        if fault and fault.is_scalar and fault.written not in faults:
            fact = f"there is no fault `{fault.written}`; known: {', '.join(faults) or 'none'}"
            problems.report(fault, f"runbooks.{name}.fault", fact)
        listed = runbook.at("slos")
        for slo in listed.items if listed else ():
            if not slos.named(slo.written):
                known = ", ".join(each.name for each in slos.slos) or "none"
                problems.report(slo, f"runbooks.{name}.slos", f"there is no SLO `{slo.written}`; known: {known}")


def _undecided(tree: Tree) -> Iterator[Undecided]:
    """Every key without a value: placeholders, toggles, the required keys of a runbook, the `is` of a symptom."""
    for key in ("placeholders", "toggles"):
        yield from _without_value("", key, tree.at(key))
    for name, runbook in _entries(tree, "runbooks").items():
        path, symptoms = f"runbooks.{name}", runbook.at("symptoms")
        yield from _without_value(name, path, runbook, RUNBOOK_KEYS)
        yield from _without_value(name, f"{path}.placeholders", runbook.at("placeholders"))
        for number, symptom in enumerate(symptoms.items if symptoms else ()):
            yield from _without_value(name, f"{path}.symptoms[{number}]", symptom, ("is",))


def _without_value(
    runbook: str, path: str, tree: Tree | None, keys: Collection[str] | None = None
) -> Iterator[Undecided]:
    """The keys of a mapping that are null; `keys`: of these only."""
    for key, item in (tree.entries if tree else {}).items():
        if item.value is None and (keys is None or key in keys):
            yield Undecided(runbook, f"{path}.{key}", item.place)


def _entries(tree: Tree, key: str) -> Mapping[str, Tree]:
    found = tree.at(key)
    return found.entries if found else {}


def _texts(tree: Tree | None) -> dict[str, str]:
    return {key: item.written for key, item in tree.fields.items()} if tree else {}


def _control(tree: Tree | None) -> SequentialControl | None:
    if tree is None:
        return None
    return SequentialControl(tree.fields["sequential"].written, _number(tree, "observe_s"), tree.place)


def _probe(name: str, tree: Tree) -> RequestProbe:
    method, path = tree.fields["send"].written.split(" ")
    body = json.loads(tree.fields["body"].written) if "body" in tree.fields else None
    service, headers = tree.fields["service"], _texts(tree.at("headers"))
    return RequestProbe(name, service.written, method, path, body, headers, service.place)


def _fault(tree: Tree) -> FaultSpec:
    return FaultSpec(
        at=tree.fields["at"].written,
        fault=tree.fields["fault"].written,
        parameters=dict(_parameters(tree)),
        max_duration_s=_number(tree, "max_duration_s") or _DEFAULT_MAX_DURATION_S,
        place=tree.place,
    )


def _parameters(tree: Tree) -> Iterator[tuple[str, float | str | bool]]:
    for key, item in tree.fields.items():
        if key not in FAULT_KEYS and isinstance(item.value, int | float | str | bool):
            yield key, item.value


def _runbook(tree: Tree, slos: Catalogue, loads: Mapping[str, LoadSpec]) -> RunbookBinding:
    fields, symptoms = tree.fields, tree.at("symptoms")
    names = fields["slos"].items if "slos" in fields else ()
    load, users = loads.get(_written(tree, "scenario")), _number(tree, "users")
    return RunbookBinding(
        scenario=_written(tree, "scenario"),
        service=_written(tree, "service"),
        series=_written(tree, "series"),
        fault=_written(tree, "fault"),
        slos={slo.name: slo for name in names for slo in slos.named(name.written)},
        symptoms=tuple(_symptom(each) for each in (symptoms.items if symptoms else ()) if "is" in each.fields),
        placeholders=_texts(tree.at("placeholders")),
        rate=_number(tree, "rate") or (load.rate_per_s if load else None),
        load=load,
        users=None if users is None else int(users),
        spawn_rate=_number(tree, "spawn_rate"),
        order=StepOrder(fields["order"].written) if "order" in fields else StepOrder.DOCUMENT,
        document=fields["document"].written if "document" in fields else None,
        places={key: each.place for key, each in fields.items()},
    )


def _symptom(tree: Tree) -> SymptomBinding:
    line = tree.fields["line"].value if "line" in tree.fields else None
    contains = next((tree.fields[key].written for key in CONTAINS_KEYS if key in tree.fields), None)
    alert = tree.fields["alert"].written if "alert" in tree.fields else None
    condition = parse(tree.fields["is"].written)
    return SymptomBinding(condition, line if isinstance(line, int) else None, contains, alert, tree.place)


def _written(tree: Tree, key: str) -> str:
    """The text of a key as written; "" without a value."""
    return tree.fields[key].written if key in tree.fields else ""


def _number(tree: Tree, key: str) -> float | None:
    """The number as it was written: an int stays an int in what is shown and recorded."""
    value = tree.fields[key].value if key in tree.fields else None
    return value if isinstance(value, int | float) else None
