"""Selection of Prometheus samples by name and labels, as in `websocket_messages{tenant="acme"}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

_LABEL = re.compile(r'(\w+)\s*=\s*"([^"]*)"')
_SELECTOR = re.compile(r'^[a-zA-Z_:][\w:]*(\{\s*(\w+\s*=\s*"[^"]*"\s*,?\s*)*\})?$')


class Sample(Protocol):
    """One line of a /metrics page; `prometheus_client.samples.Sample` is one."""

    @property
    def name(self) -> str:
        """Name of the sample, such as `requests_total`."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Values of the labels by name."""

    @property
    def value(self) -> float:
        """The number."""


def is_selector(text: str) -> bool:
    """Whether a text is a metric's name with optional labels."""
    return bool(_SELECTOR.match(text))


@dataclass(frozen=True)
class Selector:
    """`name{label="value"}`: the name of a sample, and the labels that it needs."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Selector:
        """The selector that a text spells."""
        name, _, rest = text.partition("{")
        return cls(name.strip(), tuple(_LABEL.findall(rest)))

    def total(self, samples: Iterable[Sample]) -> float | None:
        """Sum of the samples with this name and these labels; None without any."""
        return self._sum(samples, (self.name,))

    def family_total(self, samples: Iterable[Sample]) -> float | None:
        """Sum for a metric family: of its samples, or of the `_count` of a histogram or summary; None without any."""
        return self._sum(samples, (self.name, f"{self.name}_count"))

    def buckets(self, samples: Iterable[Sample]) -> dict[float, float]:
        """Cumulative counts of a histogram by upper bound, summed over its other labels."""
        found: dict[float, float] = {}
        for sample in samples:
            if sample.name == f"{self.name}_bucket" and self._has_labels(sample):
                bound = float(sample.labels["le"])
                found[bound] = found.get(bound, 0.0) + sample.value
        return found

    def _sum(self, samples: Iterable[Sample], names: tuple[str, ...]) -> float | None:
        found = [sample.value for sample in samples if sample.name in names and self._has_labels(sample)]
        return sum(found) if found else None

    def _has_labels(self, sample: Sample) -> bool:
        return all(sample.labels.get(label) == value for label, value in self.labels)
