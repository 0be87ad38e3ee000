"""Compares two outputs of one line, without what must differ: random parts of names, ages, addresses, uids, times.

The rest is compared line by line. Columns are separated by two or more spaces, as their widths depend on the names.
JSON and YAML become one line per value, `.spec.replicas = 2`, which names a difference. What is ordered by random
names is sorted.
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

from tests.conformance.sides import Output

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
    """The normalised lines that only one side printed, and the exit statuses (local, real) if they differ."""

    local: tuple[str, ...]
    real: tuple[str, ...]
    statuses: tuple[int | None, int | None] | None = None

    def __bool__(self) -> bool:
        return bool(self.local or self.real or self.statuses)


def difference(line: str, local: Output, real: Output) -> Difference:
    """Compare exit statuses, then stdout and stderr line by line."""
    statuses = None if local.status == real.status else (local.status, real.status)
    out = _diff(plain(line, local.stdout), plain(line, real.stdout))
    err = _diff(_errors(local.stderr), _errors(real.stderr))
    return Difference((*out[0], *err[0]), (*out[1], *err[1]), statuses)


def plain(line: str, text: str) -> list[str]:
    """The normalised lines of stdout."""
    structured = _structured(text)
    if structured is not None:
        flat = [normal(each) for each in _flat("", structured)]
        return sorted(set(flat)) if _EVENTS.search(line) else flat
    for concerned, shape in _SHAPES:
        if concerned.search(line):
            return shape(line, text)
    return list(_in_order(_texts(text)))


def _described(_: str, text: str) -> list[str]:
    """Descriptions, sorted: their order depends on random names."""
    return [_listed(each) for block in sorted(map(_texts, text.split("\n\n\n"))) for each in block]


def _events(line: str, text: str) -> list[str]:
    """Events, sorted: they are listed by name, and names are random."""
    lines = _texts(text)
    if "jsonpath=" in line:
        return sorted({word for each in lines for word in each.split()})
    head = [line for line in lines[:1] if "LAST SEEN" in line]
    return head + sorted(set(lines[len(head) :]))


def _shuffled(_: str, text: str) -> list[str]:
    """Rows sorted by a time or an address, which differ on each side."""
    return sorted(_texts(text))


def _progress(_: str, text: str) -> list[str]:
    """A rollout's last line; how many progress lines precede it is random."""
    lines = _texts(text)
    waited = [line.startswith("Waiting for deployment") for line in lines[:-1]]
    return [line for line, on_its_way in zip(lines, [*waited, False], strict=False) if not on_its_way]


def _measured(line: str, text: str) -> list[str]:
    """Measured values are replaced, `<unknown>` stays; with --sort-by the order of the rows is checked."""
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
    """Prometheus' text without values and creation times, sorted."""
    found = [re.sub(r"^(\w+(?:\{.*\})?) [\d.e+-]+$", r"\1 VALUE", line) for line in _texts(text)]
    return sorted(line for line in found if "_created" not in line)


def _logged(line: str, text: str) -> list[str]:
    """Log lines are the fakes', not kubectl's: compare their form, and their number with --tail or --limit-bytes."""
    shown = [_LOGGED.sub(r"\1LOGGED", each) for each in _texts(text)]
    return shown if re.search("--tail|--limit-bytes", line) else [each for each, _ in groupby(shown)]


def _errors(text: str) -> list[str]:
    """The lines of stderr without curl's progress."""
    return [f"stderr: {line}" for line in _texts(text) if "--:--:--" not in line]


def _texts(text: str) -> list[str]:
    return [normal(each) for each in text.splitlines() if each.strip()]


def normal(text: str, *, ages: bool = True) -> str:
    """One line without what must differ and without column widths; `cpu:  10m` is not an age."""
    for pattern, short in RULES:
        text = pattern.sub(short, text)
    cells = re.split(r"\s{2,}|\t", text.rstrip())
    named = [False, *(cell.endswith(":") for cell in cells)]
    return "  ".join(
        "AGE" if ages and not of_name and _DURATION.fullmatch(cell) else cell
        for cell, of_name in zip(cells, named, strict=False)
    )


def _structured(text: str) -> Any:
    """The object in JSON or YAML; None for anything else. BaseLoader returns only strings."""
    if text.startswith(("{", "[")) and not text.startswith('{"time"'):
        try:
            return json.loads(text)
        except ValueError:
            return None
    if text.startswith(("apiVersion:", "clientVersion:")):
        return yaml.load(text, yaml.BaseLoader)
    return None


def _flat(path: str, value: Any) -> Iterator[str]:
    """`.items[].metadata.name = web`; without list indices, so that one more item is one difference."""
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
    """Sort key without random parts: normalised name and revision; the whole value for other items."""
    if isinstance(each, dict) and "metadata" in each:
        meta = each["metadata"]
        return f"{normal(meta['name'])} {meta.get('annotations', {}).get('deployment.kubernetes.io/revision', '')}"
    return "\n".join(normal(line) for line in _flat("", each))


def _listed(line: str) -> str:
    """A list of ReplicaSets, sorted: its order depends on random names."""
    head, colon, names = line.partition(":  ")
    return f"{head}{colon}{', '.join(sorted(names.split(', ')))}" if head == "OldReplicaSets" else line


def _in_order(lines: Sequence[str]) -> Iterator[str]:
    """Sort adjacent rows whose names differ only in their random part."""
    for _, run in groupby(lines, lambda line: (re.match(r"\S*HASH\S*", line) or [None])[0] or object()):
        yield from sorted(run)


def _diff(local: Sequence[str], real: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that only one side has, at their position."""
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
"""How the output of some lines is normalised; the first match applies."""
