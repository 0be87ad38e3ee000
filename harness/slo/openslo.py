"""From one OpenSLO document to the SLOs that a run can be judged by: references, our annotations, objectives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.conditions import Condition
from harness.schema.shape import Tell
from harness.schema.tree import Tree
from harness.slo.meaning import MeaningError, Promise, condition_of

PREFIX = "gameday.dev/"
ALPHA, VIF_FLOOR = f"{PREFIX}alpha", f"{PREFIX}vif-floor"
_Range: TypeAlias = tuple[Callable[[float], bool], str]
_OURS: Mapping[str, _Range] = {
    ALPHA: (lambda alpha: 0 < alpha < 0.5, "a chance above 0 and below 0.5"),
    VIF_FLOOR: (lambda factor: 1 <= factor < math.inf, "a factor of at least 1"),
}
_DAY_S = 86_400
_UNITS_S = {"m": 60, "h": 3600, "d": _DAY_S, "w": 7 * _DAY_S, "M": 30 * _DAY_S, "Q": 90 * _DAY_S, "Y": 365 * _DAY_S}


@dataclass(frozen=True)
class Slo:
    """One objective, ready to be judged.

    `alpha` is the chance of a wrong verdict that its owner accepts (None: the verdict's own), `vif_floor` a variance
    inflation factor known to be at least so much (None: not known), `window_s` the length of the time window that its
    error budget is for, `target` the share of the window's events (or slices) that is promised to be good. `document`
    is the SLO as one OpenSLO document that needs no other.
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
    """What people call it: `metadata.displayName`, else its name."""
    return tree.text("metadata", "displayName") or name_of(tree)


def check_annotations(tree: Tree, tell: Tell) -> None:
    """Ours are few and stand at an SLO; an unknown one under our prefix is a typing error, not somebody else's."""
    _check_annotations(tree, "", _OURS if tree.text("kind") == "SLO" else {}, tell)
    indicator, objectives = tree.at("spec", "indicator"), tree.at("spec", "objectives")
    inline = [("spec.indicator.", indicator)]
    for number, objective in enumerate(objectives.items if objectives else ()):
        inline.append((f"spec.objectives[{number}].indicator.", objective.at("indicator")))
    for path, each in inline:
        if each:
            _check_annotations(each, path, {}, tell)


def _check_annotations(tree: Tree, above: str, known: Mapping[str, _Range], tell: Tell) -> None:
    annotations = tree.at("metadata", "annotations")
    for key, item in (annotations.fields if annotations else {}).items():
        path = f"{above}metadata.annotations.{key}"
        if key.startswith(PREFIX) and key not in known:
            there = f"known are {', '.join(known)}" if known else "it belongs at an SLO"
            tell(item, path, f"not known here; {there}")
        elif key in known and not known[key][0](_float(item)):
            tell(item, path, f"`{item.value}` is not {known[key][1]}; write one in quotes")


def _float(tree: Tree) -> float:
    """NaN, which lies in no range, for what is no number."""
    try:
        return float(str(tree.value))
    except ValueError:
        return math.nan


def _annotation(tree: Tree, key: str) -> float | None:
    found = tree.at("metadata", "annotations", key)
    return None if found is None else _float(found)


# -- references --------------------------------------------------------------------------------------------------------


def without_references(tree: Tree, indicators: Mapping[str, Tree], tell: Tell) -> Tree | None:
    """The SLO with each indicatorRef replaced by the SLI that it names; None, and a problem told, without one."""
    resolve = _Resolve(indicators, tell)
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
    tell: Tell

    def __call__(self, at: Tree, path: str) -> Tree | None:
        name = at.text("indicatorRef")
        if name is None:
            return at
        sli = self.indicators.get(name)
        if sli is None:
            fact = f"there is no sound SLI `{name}` in these files; known are {', '.join(self.indicators) or 'none'}"
            self.tell(at.fields["indicatorRef"], f"{path}.indicatorRef", fact)
            return None
        inline = Tree({key: sli.fields[key] for key in ("metadata", "spec")}, sli.place)
        renamed = {("indicator" if key == "indicatorRef" else key): item for key, item in at.fields.items()}
        return Tree({**renamed, "indicator": inline}, at.place)


# -- objectives --------------------------------------------------------------------------------------------------------


def slos_of(whole: Tree, tell: Tell) -> Iterator[Slo]:
    """One Slo for each objective of a document that has passed the schema and refers to no other."""
    objectives = whole.fields["spec"].fields["objectives"].items
    for number, objective in enumerate(objectives):
        try:
            condition = condition_of(_promise(whole, objective))
        except MeaningError as error:
            inside = error.tree is objective or error.tree in objective.fields.values()
            tell(error.tree, f"spec.objectives[{number}].{error.path}" if inside else error.path, error.fact)
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


def _promise(whole: Tree, objective: Tree) -> Promise:
    spec = whole.fields["spec"]
    indicator = objective.at("indicator", "spec") or spec.at("indicator", "spec")
    assert indicator is not None, "the schema asks for one, and references are resolved"
    method = spec.text("budgetingMethod")
    if method == "RatioTimeslices":
        fact = "an average over slices is no count of events; write Occurrences or Timeslices"
        raise MeaningError(spec.fields["budgetingMethod"], "spec.budgetingMethod", fact)
    _check_objective(objective, indicator)
    share = objective.number("timeSliceTarget") if method == "Timeslices" else _target(objective)
    return Promise(indicator, objective, share or 0.0)


def _check_objective(objective: Tree, indicator: Tree) -> None:
    """What the schema can't know while the indicator stands elsewhere, and what it allows and we can't judge."""
    if objective.number("compositeWeight") not in (None, 1.0):
        fact = "a weight says how fast a budget burns, not whether a promise holds; leave it out"
        raise MeaningError(objective.fields["compositeWeight"], "compositeWeight", fact)
    for key in ("op", "value"):
        if "thresholdMetric" in indicator.fields and key not in objective.fields:
            raise MeaningError(objective, key, "missing; a thresholdMetric is compared by op with value")
        if "ratioMetric" in indicator.fields and key in objective.fields:
            raise MeaningError(objective.fields[key], key, "a ratioMetric is compared with target alone; leave it out")
    if _target(objective) == 0:
        raise MeaningError(objective, "target", "0 promises nothing; write the share that has to be good, such as 0.99")


def _target(objective: Tree) -> float:
    percent = objective.number("targetPercent")
    return (objective.number("target") or 0.0) if percent is None else round(percent / 100, 12)


def _window_s(spec: Tree) -> float:
    duration = spec.fields["timeWindow"].items[0].text("duration") or ""
    return float(int(duration[:-1]) * _UNITS_S[duration[-1]])
