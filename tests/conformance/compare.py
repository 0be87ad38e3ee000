"""Two answers to one line, without what must differ: names' random parts, ages, addresses, uids, moments, sizes.

What is left is compared line by line; columns are told apart by two spaces and more, their widths follow the names.
JSON and YAML become one line a value, `.spec.replicas = 2`, so that a difference has a name. What stands in the order
of random names is sorted.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

from tests.conformance.sides import Said

AGE = r"(?:\d+y)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?"
_HASH, _SUFFIX = r"[bcdfghjklmnpqrstvwxz2456789]{6,10}", r"[bcdfghjklmnpqrstvwxz2456789]{5}"
_NAMES = r"(api-gateway|inference|realtime|tool-service)"
_RULES: tuple[tuple[str, str], ...] = (
    (rf"\b{_NAMES}-{_HASH}-{_SUFFIX}\.[0-9a-f]{{16}}\b", r"\1-HASH-ID.EVENT"),
    (rf"{_NAMES}-{_HASH}-{_SUFFIX}", r"\1-HASH-ID"),
    (rf"\b{_NAMES}-{_HASH}\.[0-9a-f]{{16}}\b", r"\1-HASH.EVENT"),
    (rf"\b{_NAMES}-{_HASH}\b", r"\1-HASH"),
    (rf"\b{_NAMES}\.[0-9a-f]{{16}}\b", r"\1.EVENT"),
    (rf"(?<![\w-])(?=\w*\d){_HASH}(?![\w-])", "HASH"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"\b[0-9a-f]{64}\b", "ID"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME"),
    (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} UTC", "TIME"),
    (r"\b(?:127|10|172|192)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", "IP"),
    (r"\bconf(?:ormance)?-control-plane\b|\bgameday-(?:local|conformance-control-plane)\b", "NODE"),
    (r"\bv1\.\d\d\.\d+\b", "VERSION"),
    (r"\b(?:ErrImagePull|ImagePullBackOff)\b", "NOT-PULLED"),
    (r"(?<=resource version to be 1, was )\d+", "NUMBER"),
    (r"kube-api-access-\w{5}", "kube-api-access-ID"),
    (r"postgresql://\S+?@\S+?:5432/postgres", "DATABASE"),
    (r"http://(?:IP|inference|tool-service):8080", "SERVICE"),
    (rf"(?<=  ){AGE} \(x\d+ over {AGE}\)", "AGE"),
    (rf"\({AGE} ago\)", "(AGE ago)"),
)
RULES = tuple((re.compile(pattern), plain) for pattern, plain in _RULES)
_DURATION = re.compile(r"(?=\d)" + AGE)
_LOGGED = re.compile(r'^(\[pod/\S+\] )?(?:TIME )?\{"time": "TIME", "level": .*$')


@dataclass(frozen=True)
class Difference:
    """What only one side says, normalised; `statuses` (local, real) where they differ."""

    local: tuple[str, ...]
    real: tuple[str, ...]
    statuses: tuple[int | None, int | None] | None = None

    def __bool__(self) -> bool:
        return bool(self.local or self.real or self.statuses)


def difference(line: str, local: Said, real: Said) -> Difference:
    """Statuses, then stdout and stderr line by line."""
    statuses = None if local.status == real.status else (local.status, real.status)
    out = _diff(plain(line, local.stdout), plain(line, real.stdout))
    err = _diff(_errors(local.stderr), _errors(real.stderr))
    return Difference((*out[0], *err[0]), (*out[1], *err[1]), statuses)


def plain(line: str, text: str) -> list[str]:
    """Normalised lines of an answer's stdout."""
    structured = _structured(text)
    if structured is not None:
        flat = [normal(each) for each in _flat("", structured)]
        return sorted(set(flat)) if _EVENTS.search(line) else flat
    for concerned, shape in _SHAPES:
        if concerned.search(line):
            return shape(line, text)
    return list(_in_order(_texts(text)))


def _described(_: str, text: str) -> list[str]:
    """What is described stands in the order of names."""
    return [_listed(each) for block in sorted(map(_texts, text.split("\n\n\n"))) for each in block]


def _events(line: str, text: str) -> list[str]:
    """Events are listed by names, and these are chance."""
    lines = _texts(text)
    if "jsonpath=" in line:
        return sorted({word for each in lines for word in each.split()})
    head = [line for line in lines[:1] if "LAST SEEN" in line]
    return head + sorted(set(lines[len(head) :]))


def _shuffled(_: str, text: str) -> list[str]:
    """Which is older, or has which address, is each side's own."""
    return sorted(_texts(text))


def _progress(_: str, text: str) -> list[str]:
    """How often a rollout was looked at on its way is chance; where it stood at the end is not."""
    lines = _texts(text)
    waited = [line.startswith("Waiting for deployment") for line in lines[:-1]]
    return [line for line, on_its_way in zip(lines, [*waited, False], strict=False) if not on_its_way]


def _measured(line: str, text: str) -> list[str]:
    """What is measured, without its value; `<unknown>` stays. Rows that were asked for in order are in order."""
    rows = text.splitlines()
    plain_rows = [re.sub(r"(?<=  )\d+(?:m|Mi|%)?(?=  |$)", "MEASURED", normal(row, ages=False)) for row in rows]
    sort = re.search(r"--sort-by[= ](cpu|memory)", line)
    if sort is None or not rows:
        return list(_in_order(plain_rows))
    column = rows[0].split().index(f"{sort[1].upper()}({'cores' if sort[1] == 'cpu' else 'bytes'})")
    sizes = [int(re.sub(r"\D", "", row.split()[column])) for row in rows[1:]]
    order = "in order" if sizes == sorted(sizes, reverse=True) else f"not in order: {sizes}"
    return [*sorted(plain_rows), order]


def _metrics(_: str, text: str) -> list[str]:
    """Prometheus' text without values and without the moments of a series' creation; tenants stand in any order."""
    found = [re.sub(r"^(\w+(?:\{.*\})?) [\d.e+-]+$", r"\1 VALUE", line) for line in _texts(text)]
    return sorted(line for line in found if "_created" not in line)


def _logged(line: str, text: str) -> list[str]:
    """A pod's own words are the fakes' and not kubectl's: their form is held, and their number where it is asked."""
    shown = [_LOGGED.sub(r"\1LOGGED", each) for each in _texts(text)]
    return shown if re.search("--tail|--limit-bytes", line) else [each for each, _ in groupby(shown)]


def _errors(text: str) -> list[str]:
    """Without curl's progress, which is no message."""
    return [f"stderr: {line}" for line in _texts(text) if "--:--:--" not in line]


def _texts(text: str) -> list[str]:
    return [normal(each) for each in text.splitlines() if each.strip()]


def normal(text: str, *, ages: bool = True) -> str:
    """One line without what must differ, and without the widths of its columns; `cpu:  10m` is no age."""
    for pattern, short in RULES:
        text = pattern.sub(short, text)
    cells = re.split(r"\s{2,}|\t", text.rstrip())
    named = [False, *(cell.endswith(":") for cell in cells)]
    return "  ".join(
        "AGE" if ages and not of_name and _DURATION.fullmatch(cell) else cell
        for cell, of_name in zip(cells, named, strict=False)
    )


def _structured(text: str) -> Any:
    """The object that JSON or YAML says; None for anything else. BaseLoader makes nothing but strings."""
    if text.startswith(("{", "[")) and not text.startswith('{"time"'):
        try:
            return json.loads(text)
        except ValueError:
            return None
    if text.startswith(("apiVersion:", "clientVersion:")):
        return yaml.load(text, yaml.BaseLoader)
    return None


def _flat(path: str, value: Any) -> Iterator[str]:
    """`.items[].metadata.name = web`; list items have no number, so that one more is one difference."""
    match value:
        case dict():
            for key in sorted(value):
                yield from _flat(f"{path}.{key}", value[key])
            if not value:
                yield f"{path} = {{}}"
        case list():
            for each in sorted(value, key=_sorted_by):
                yield from _flat(f"{path}[]", each)
            if not value:
                yield f"{path} = []"
        case bool():
            yield f"{path} = {str(value).lower()}"
        case _:
            yield f"{path} = {'NUMBER' if path.endswith('.resourceVersion') and value else value}"


def _sorted_by(each: Any) -> str:
    """By what is no chance: a name without its random part, a revision; where there is none, by all of it."""
    if isinstance(each, dict) and "metadata" in each:
        meta = each["metadata"]
        return f"{normal(meta['name'])} {meta.get('annotations', {}).get('deployment.kubernetes.io/revision', '')}"
    return "\n".join(normal(line) for line in _flat("", each))


def _listed(line: str) -> str:
    """ReplicaSets stand in the order of their names' random parts."""
    head, colon, names = line.partition(":  ")
    return f"{head}{colon}{', '.join(sorted(names.split(', ')))}" if head == "OldReplicaSets" else line


def _in_order(lines: Sequence[str]) -> Iterator[str]:
    """Rows whose names differ in their random part only stand in the order of chance: sorted."""
    for _, run in groupby(lines, lambda line: (re.match(r"\S*HASH\S*", line) or [None])[0] or object()):
        yield from sorted(run)


def _diff(local: Sequence[str], real: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lines that only one side has, where it has them."""
    only_local: list[str] = []
    only_real: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, local, real, autojunk=False).get_opcodes():
        if tag != "equal":
            only_local += local[i1:i2]
            only_real += real[j1:j2]
    return tuple(only_local), tuple(only_real)


_EVENTS = re.compile(r"\b(?:get|-n production) (?:events?|ev)\b")
_SHAPES: Sequence[tuple[re.Pattern[str], Callable[[str, str], list[str]]]] = (
    (re.compile("^describe"), _described),
    (_EVENTS, _events),
    (re.compile(r"--sort-by=\S*(?:Timestamp|podIP)"), _shuffled),
    (re.compile("^rollout status"), _progress),
    (re.compile("^top "), _measured),
    (re.compile("curl "), _metrics),
    (re.compile("^logs"), _logged),
)
"""How the answers to some lines are looked at: the first that fits."""
