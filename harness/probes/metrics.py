"""Samples from Prometheus text; only the wanted families are parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_SUFFIXES = ("_bucket", "_sum", "_count", "_created", "_total", "_info")


def samples_of(text: str, names: Iterable[str]) -> list[Sample]:
    """The samples of the families and samples with these names."""
    wanted = tuple(names)
    lines = [line for line in text.split("\n") if _family(line) in wanted or _sample_name(line) in wanted]
    return [sample for family in text_string_to_metric_families("\n".join(lines) + "\n") for sample in family.samples]


def _sample_name(line: str) -> str:
    if line.startswith("#"):
        return line.split(" ", 3)[2] if line.count(" ") >= 2 else ""
    return re.split(r"[{ ]", line, maxsplit=1)[0]


def _family(line: str) -> str:
    name = _sample_name(line)
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
