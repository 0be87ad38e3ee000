"""Converts an OpenSLO document to SLOs: resolves references, checks gameday's annotations, reads objectives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.conditions import Condition
from harness.schema.shape import Report
from harness.schema.tree import Tree
from harness.slo.to_condition import Objective, ObjectiveError, condition_of

PREFIX = "gameday.dev/"
ALPHA, VIF_FLOOR = f"{PREFIX}alpha", f"{PREFIX}vif-floor"
_Range: TypeAlias = tuple[Callable[[float], bool], str]
_ANNOTATIONS: Mapping[str, _Range] = {
    ALPHA: (lambda alpha: 0 < alpha < 0.5, "a probability above 0 and below 0.5"),
    VIF_FLOOR: (lambda factor: 1 <= factor < math.inf, "a factor of at least 1"),
}
_DAY_S = 86_400
_UNITS_S = {"m": 60, "h": 3600, "d": _DAY_S, "w": 7 * _DAY_S, "M": 30 * _DAY_S, "Q": 90 * _DAY_S, "Y": 365 * _DAY_S}


@dataclass(frozen=True)
class Slo:
    """One objective of an SLO.

    `target` is the share of good events (or slices) in the time window of `window_s` seconds. `alpha` is the accepted
    probability of a wrong verdict (None: the default of a run), `vif_floor` a known lower bound of the variance
    inflation factor (None: unknown). `document` is the SLO as an OpenSLO document without references.
    """

    name: str
    condition: Condition
    target: float
    window_s: float
    place: str
    alpha: float | None = None
    vif_floor: float | None = None
    aliases: tuple[str, ...] = field(default=(), compare=False)
    document: Tree = field(default=Tree(None, ""), compare=False, repr=False)


def name_of(tree: Tree) -> str:
    """`metadata.name`."""
    return tree.text("metadata", "name") or ""


def title_of(tree: Tree) -> str:
    """`metadata.displayName`, or `metadata.name` without one."""
    return tree.text("metadata", "displayName") or name_of(tree)


def check_annotations(tree: Tree, report: Report) -> None:
    """Report annotations with the prefix `gameday.dev/` that are unknown, misplaced (not at an SLO) or out of range."""
    _check_annotations(tree, "", _ANNOTATIONS if tree.text("kind") == "SLO" else {}, report)
    indicator, objectives = tree.at("spec", "indicator"), tree.at("spec", "objectives")
    inline = [("spec.indicator.", indicator)]
    for number, objective in enumerate(objectives.items if objectives else ()):
        inline.append((f"spec.objectives[{number}].indicator.", objective.at("indicator")))
    for path, each in inline:
        if each:
            _check_annotations(each, path, {}, report)


def _check_annotations(tree: Tree, above: str, known: Mapping[str, _Range], report: Report) -> None:
    annotations = tree.at("metadata", "annotations")
    for key, item in (annotations.fields if annotations else {}).items():
        path = f"{above}metadata.annotations.{key}"
        if key.startswith(PREFIX) and key not in known:
            where = f"unknown annotation; known: {', '.join(known)}" if known else "not allowed here; move it to an SLO"
            report(item, path, where)
        elif key in known and not known[key][0](_float(item)):
            report(item, path, f"`{item.value}` is not {known[key][1]}; write one in quotes")


def _float(tree: Tree) -> float:
    """The value as a number; NaN, which is in no range, for anything else."""
    try:
        return float(str(tree.value))
    except ValueError:
        return math.nan


def _annotation(tree: Tree, key: str) -> float | None:
    found = tree.at("metadata", "annotations", key)
    return None if found is None else _float(found)


# -- references --------------------------------------------------------------------------------------------------------


def without_references(tree: Tree, indicators: Mapping[str, Tree], report: Report) -> Tree | None:
    """The SLO with each indicatorRef replaced by the SLI that it names; None, and a problem, where there is none."""
    resolve = _Resolve(indicators, report)
    spec = tree.fields["spec"]
    listed = spec.fields["objectives"]
    objectives = [resolve(item, f"spec.objectives[{number}]") for number, item in enumerate(listed.items)]
    inline = resolve(spec, "spec")
    found = tuple(item for item in objectives if item)
    if inline is None or len(found) < len(objectives):
        return None
    whole = Tree({**inline.fields, "objectives": Tree(found, listed.place)}, spec.place)
    return Tree({**tree.fields, "spec": whole}, tree.place)


@dataclass(frozen=True)
class _Resolve:
    indicators: Mapping[str, Tree]
    report: Report

    def __call__(self, at: Tree, path: str) -> Tree | None:
        name = at.text("indicatorRef")
        if name is None:
            return at
        sli = self.indicators.get(name)
        if sli is None:
            fact = f"there is no valid SLI `{name}` in these files; known: {', '.join(self.indicators) or 'none'}"
            self.report(at.fields["indicatorRef"], f"{path}.indicatorRef", fact)
            return None
        inline = Tree({key: sli.fields[key] for key in ("metadata", "spec")}, sli.place)
        renamed = {("indicator" if key == "indicatorRef" else key): item for key, item in at.fields.items()}
        return Tree({**renamed, "indicator": inline}, at.place)


# -- objectives --------------------------------------------------------------------------------------------------------


def slos_of(whole: Tree, report: Report) -> Iterator[Slo]:
    """One Slo for each objective of a valid document without references. Reports objectives that cannot be judged."""
    objectives = whole.fields["spec"].fields["objectives"].items
    for number, objective in enumerate(objectives):
        try:
            condition = condition_of(_objective(whole, objective))
        except ObjectiveError as error:
            inside = error.tree is objective or error.tree in objective.fields.values()
            report(error.tree, f"spec.objectives[{number}].{error.path}" if inside else error.path, error.fact)
            continue
        suffix = objective.text("displayName") or f"#{number + 1}"
        yield _slo(whole, objective, condition, "" if len(objectives) == 1 else f": {suffix}")


def _slo(whole: Tree, objective: Tree, condition: Condition, suffix: str) -> Slo:
    return Slo(
        name=title_of(whole) + suffix,
        condition=condition,
        target=_target(objective),
        window_s=_window_s(whole.fields["spec"]),
        place=whole.place,
        alpha=_annotation(whole, ALPHA),
        vif_floor=_annotation(whole, VIF_FLOOR),
        aliases=(title_of(whole), name_of(whole)),
        document=whole,
    )


def _objective(whole: Tree, objective: Tree) -> Objective:
    spec = whole.fields["spec"]
    indicator = objective.at("indicator", "spec") or spec.at("indicator", "spec")
    assert indicator is not None, "the schema requires one, and references are resolved"
    method = spec.text("budgetingMethod")
    if method == "RatioTimeslices":
        fact = "an average over slices does not count events; write Occurrences or Timeslices"
        raise ObjectiveError(spec.fields["budgetingMethod"], "spec.budgetingMethod", fact)
    _check_objective(objective, indicator)
    share = objective.number("timeSliceTarget") if method == "Timeslices" else _target(objective)
    return Objective(indicator, objective, share or 0.0)


def _check_objective(objective: Tree, indicator: Tree) -> None:
    """Check what needs the resolved indicator, and refuse what OpenSLO allows but cannot be judged."""
    if objective.number("compositeWeight") not in (None, 1.0):
        fact = "a weight changes how fast a budget burns, not whether an objective is met; remove it"
        raise ObjectiveError(objective.fields["compositeWeight"], "compositeWeight", fact)
    for key in ("op", "value"):
        if "thresholdMetric" in indicator.fields and key not in objective.fields:
            raise ObjectiveError(objective, key, "missing; a thresholdMetric needs op and value")
        if "ratioMetric" in indicator.fields and key in objective.fields:
            raise ObjectiveError(objective.fields[key], key, "a ratioMetric is compared with target only; remove it")
    if _target(objective) == 0:
        raise ObjectiveError(
            objective, "target", "0 requires nothing; write the required share of good events, such as 0.99"
        )


def _target(objective: Tree) -> float:
    percent = objective.number("targetPercent")
    return (objective.number("target") or 0.0) if percent is None else round(percent / 100, 12)


def _window_s(spec: Tree) -> float:
    duration = spec.fields["timeWindow"].items[0].text("duration") or ""
    return float(int(duration[:-1]) * _UNITS_S[duration[-1]])
