"""Numbers out of Prometheus text: only the families that somebody asked for are parsed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_SELECTOR = re.compile(r'(\w+)\s*=\s*"([^"]*)"')
_SUFFIXES = ("_bucket", "_sum", "_count", "_created", "_total", "_info")


@dataclass(frozen=True)
class Selector:
    """`name{label="value"}`: a sample's name and the labels that it must have."""

    name: str
    labels: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """From the text of a condition's argument."""
        name, _, rest = text.partition("{")
        return cls(name.strip(), dict(_SELECTOR.findall(rest)))

    def matches(self, sample: Sample) -> bool:
        """Same name, and every label that is asked for."""
        return sample.name == self.name and self._has_labels(sample)

    def _has_labels(self, sample: Sample) -> bool:
        return all(sample.labels.get(label) == value for label, value in self.labels.items())

    def total(self, samples: Iterable[Sample]) -> float | None:
        """Sum of the matching samples; None where there is none."""
        found = [sample.value for sample in samples if self.matches(sample)]
        return sum(found) if found else None

    def family_total(self, samples: Iterable[Sample]) -> float | None:
        """The same for a family named so: its samples, or a histogram's or summary's `_count`."""
        names = (self.name, f"{self.name}_count")
        found = [sample.value for sample in samples if sample.name in names and self._has_labels(sample)]
        return sum(found) if found else None

    def buckets(self, samples: Iterable[Sample]) -> dict[float, float]:
        """Cumulative counts by upper bound of a histogram, summed over its other labels."""
        found: dict[float, float] = {}
        for sample in samples:
            if sample.name == f"{self.name}_bucket" and self._has_labels(sample):
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0.0) + sample.value
        return found


def samples_of(text: str, names: Iterable[str]) -> list[Sample]:
    """The samples of the families named so; lines of others are not parsed."""
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


def quantile_of(buckets: Mapping[float, float], q: float) -> float | None:
    """Quantile of a cumulative histogram, interpolated as PromQL's histogram_quantile does; None without counts."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if not total:
        return None
    low, below = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= q * total:
            if bound == float("inf") or buckets[bound] == below:
                return low
            return low + (bound - low) * (q * total - below) / (buckets[bound] - below)
        low, below = bound, buckets[bound]
    return low


class BucketHistory:
    """Buckets of one histogram in one pod, so that a quantile speaks of the last seconds only."""

    def __init__(self, samples: int = 5) -> None:
        self._past: deque[dict[float, float]] = deque(maxlen=samples + 1)

    def quantile(self, buckets: dict[float, float], q: float) -> float | None:
        """Quantile over what came since the oldest remembered sample."""
        self._past.append(buckets)
        first = self._past[0]
        return quantile_of({bound: count - first.get(bound, 0.0) for bound, count in buckets.items()}, q)
