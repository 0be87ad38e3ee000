"""The requests of a load as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoadRequest:
    """One kind of request, and its share of the arrivals."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    good: tuple[int, int] = (200, 299)
    """The lowest and the highest status of a good answer."""
    share: float = 1.0
    timeout_s: float = 10.0
    series: str = ""
    """A further series that counts it; "" for none."""

    @property
    def text(self) -> str:
        """`POST /cart`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class LoadSpec:
    """The load of a name in `loads:`. It has a series of the same name, which counts every arrival."""

    name: str
    requests: tuple[LoadRequest, ...]
    rate_per_s: float | None = None
    """Arrivals per second; None: at the offsets of the recording."""
    order: tuple[int, ...] = ()
    """Of a recording: the index of each request in turn; empty: they are drawn by their shares."""
    offsets_s: tuple[float, ...] = ()
    """Of a recording: when each request was made, seconds since the first one."""
    source: str = ""
    """Where the requests are from, and how many were left out; "" for those of the bindings themselves."""

    @property
    def series(self) -> tuple[str, ...]:
        """The series of the load; the first one has every arrival."""
        return tuple(dict.fromkeys((self.name, *(each.series for each in self.requests if each.series))))

    @property
    def text(self) -> str:
        """`50/s: GET /checkout 80 %, POST /cart 20 %`."""
        rate = "as recorded" if self.rate_per_s is None else f"{self.rate_per_s:g}/s"
        return f"{rate}: {self.source or ', '.join(map(self._shown, self.requests))}"

    def _shown(self, request: LoadRequest) -> str:
        return request.text if len(self.requests) == 1 else f"{request.text} {request.share * 100:.3g} %"
