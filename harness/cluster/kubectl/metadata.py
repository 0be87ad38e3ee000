"""`kubectl label` and `kubectl annotate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.cluster.kubectl.changes import dry_run, each, edit, named_targets, report
from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.session import Item, Session
from harness.cluster.labels import value_problem
from harness.machine.objects import Obj, section, strings

CAUSE = "kubernetes.io/change-cause"


@dataclass(frozen=True)
class Verb:
    """The differences between the two commands."""

    field: str
    noun: str
    done: str


LABELS = Verb("labels", "label", "labeled")
ANNOTATIONS = Verb("annotations", "annotation", "annotated")


async def label(session: Session) -> int:
    return await _change(session, LABELS)


async def annotate(session: Session) -> int:
    return await _change(session, ANNOTATIONS)


async def _change(session: Session, verb: Verb) -> int:
    """Set the metadata of `KEY=VALUE` arguments, remove that of `KEY-` arguments."""
    changes = [arg for arg in session.args if "=" in arg or arg.endswith("-")]
    values = dict(change.split("=", 1) for change in changes if "=" in change)
    removed = [change[:-1] for change in changes if "=" not in change]
    if not changes or "" in values:
        raise Failure(f"error: at least one {verb.noun} update is required")
    _check_changes(verb, values, removed)
    wanted = named_targets(session, [arg for arg in session.args if arg not in changes])

    async def one(item: Item) -> None:
        await _one(session, item, verb, values, removed)

    return await each(session, wanted, one)


def _check_changes(verb: Verb, values: Mapping[str, str], removed: list[str]) -> None:
    """Raise Failure for changes that contradict each other, and for an invalid value; the API server checks keys."""
    if both := sorted(values.keys() & set(removed)):
        which = "a label" if verb is LABELS else "the following annotation(s)"
        names = "" if verb is LABELS else f": {', '.join(both)}"
        raise Failure(f"error: can not both modify and remove {which} in the same command{names}")
    for key, value in values.items() if verb is LABELS else ():
        if why := value_problem(value):
            raise Failure(f'error: invalid label value: "{key}={value}": {why}')


async def _one(session: Session, item: Item, verb: Verb, values: Mapping[str, str], removed: list[str]) -> None:
    have = strings(section(item.obj, "metadata", verb.field))
    if not session.flags.flag("overwrite"):
        _check(have, values, verb)
    if verb is LABELS and not dry_run(session):
        for key in removed:
            if key not in have:
                await session.print_line(f'label "{key}" not found.')

    def change(obj: Obj) -> Obj:
        kept = {key: value for key, value in {**have, **values}.items() if key not in removed}
        meta = section(obj, "metadata")
        if kept != strings(section(meta, verb.field)):
            meta[verb.field] = {**kept}
        return obj

    await edit(session, item, change)
    await report(session, item, _done(verb, have, values, removed))


def _check(have: Mapping[str, str], values: Mapping[str, str], verb: Verb) -> None:
    """Without --overwrite an existing value cannot change, except for the change cause."""
    other = [key for key, value in values.items() if key != CAUSE and have.get(key, value) != value]
    facts = [f"'{key}' already has a value ({have[key]})" for key in other]
    if facts and verb is ANNOTATIONS:
        declared = "; ".join(facts)
        raise Failure(f"error: --overwrite is false but found the following declared annotation(s): {declared}")
    if facts:
        said = ", ".join(f"{fact}, and --overwrite is false" for fact in facts)
        raise Failure(f"error: {said if len(facts) == 1 else f'[{said}]'}")


def _done(verb: Verb, have: Mapping[str, str], values: Mapping[str, str], removed: list[str]) -> str:
    if verb is ANNOTATIONS or any(have.get(key) != value for key, value in values.items()):
        return verb.done
    return "unlabeled" if any(key in have for key in removed) else "not labeled"
