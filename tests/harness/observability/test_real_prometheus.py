"""A real Prometheus, Debian's, scrapes small services: what it says of them, of lines of a runbook, and at its end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.conditions import parse
from harness.errors import MonitoringError
from harness.machine import process_ledger
from harness.machine.platform_state import ScrapeTarget
from harness.machine.waiting import wait_until
from harness.measures.selector import Selector
from harness.observability.boards import Window
from harness.observability.metric_lines import check_metric
from harness.observability.prometheus import Prometheus
from harness.observability.server import SCRAPE_S, OwnPrometheus
from harness.probes.metrics import samples_of
from tests.support.exporter import Exporter, exporter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no program `prometheus`"),
]

PAGE = """\
# TYPE requests_total counter
requests_total{{route="/a"}} {count}
# TYPE drops untyped
drops {count}
# TYPE open gauge
open 3
# TYPE latency histogram
latency_bucket{{le="0.1"}} {count}
latency_bucket{{le="+Inf"}} {count}
latency_count {count}
latency_sum 3.0
"""
SEEN_S = 20.0


def page(count: int) -> str:
    return PAGE.format(count=count)


@dataclass
class Scraped:
    """A Prometheus, the services that it scrapes, and its targets, which a test may change."""

    own: OwnPrometheus
    prometheus: Prometheus
    first: Exporter
    second: Exporter
    targets: list[ScrapeTarget] = field(default_factory=list)

    def sees(self, query: str, wanted: Callable[[float], bool]) -> bool:
        """Whether a query has a wanted value within some seconds."""

        def seen() -> bool:
            found = self.prometheus.instant(query)
            return bool(found) and wanted(found[0].points[0][1])

        return wait_until(seen, SEEN_S)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    targets: list[ScrapeTarget] = []
    program = Path(shutil.which("prometheus") or "")
    own = OwnPrometheus(tmp_path_factory.mktemp("own"), program, "production", lambda: tuple(targets))
    with exporter(page(1)) as first, exporter(page(100)) as second:
        targets.append(first.target())
        found = Scraped(own, own.start(), first, second, targets)
        try:
            assert found.sees("requests_total", lambda value: value == 1)
            yield found
        finally:
            own.stop()


def test_a_condition_agrees_with_the_direct_reading_within_a_scrape(scraped: Scraped) -> None:
    direct, probe = Selector.parse("requests_total"), parse("prom('sum(requests_total)') > 5").measure.probes[0]
    for count in (10, 20, 30):
        scraped.first.page = page(count)
        changed_s = time.time()
        assert wait_until(lambda: scraped.prometheus.value(probe.query) == direct.total(  # type: ignore[union-attr]
            samples_of(scraped.first.page, ["requests_total"])
        ), SEEN_S)  # fmt: skip
        at_s = scraped.prometheus.over("timestamp(requests_total)", time.time(), time.time(), 1)[0].points[0][1]
        assert changed_s - SCRAPE_S <= at_s <= changed_s + 2 * SCRAPE_S, "a scrape, and one that was under way"


def test_a_counter_that_starts_again_grows_further(scraped: Scraped) -> None:
    scraped.first.page = page(1000)
    assert scraped.sees("requests_total", lambda value: value == 1000)
    scraped.first.page = page(5)
    assert scraped.sees("requests_total", lambda value: value == 5)
    assert scraped.prometheus.value("increase(requests_total[20s])") > 0
    assert scraped.prometheus.value("resets(requests_total[20s])") >= 1


def test_the_lines_of_a_runbook(scraped: Scraped) -> None:
    start_s = time.time()
    scraped.first.page = page(6000)
    assert scraped.sees("requests_total", lambda value: value == 6000)
    window = Window(start_s, time.time() + 1)

    def line(name: str, *queries: str) -> tuple[str, str, str]:
        found = check_metric(scraped.prometheus, name, window, queries)
        return found.verdict, found.why, found.finding

    good = line("requests_total", 'rate(requests_total{route="/a"}[1m])')
    assert good[0] == "ok"
    assert "1 series in Prometheus and moved between" in good[1]
    assert good[2] == ""
    bare = line("latency")
    assert bare[0] == "ok"
    assert "`histogram_quantile(0.95, sum by (le) (rate(latency_bucket[1m])))` works" in bare[2]
    assert "`rate(requests_total[1m])` works" in line("requests")[2]
    assert "`drops` is a counter without `_total`; `rate(drops[1m])` works" in line("drops")[2]
    assert line("open")[:2] == ("failed", "`open` has 1 series, which stayed at 3 during the incident")
    assert line("gone")[0] == "failed"
    assert "none has the label `tenant`" in line("requests_total", 'requests_total{tenant="acme"}')[1]
    assert 'none has `route="/b"`' in line("requests_total", 'requests_total{route="/b"}')[1]
    assert line("sum(requests_total) + 1")[0] == "ok"
    assert line("rate(requests_total[")[0] == "unknown", "Prometheus refuses it, which is no answer about a metric"


def test_pods_come_and_go(scraped: Scraped) -> None:
    scraped.targets.append(scraped.second.target("web-2"))
    assert scraped.sees('requests_total{pod="web-2",namespace="production"}', lambda value: value == 100)
    with pytest.raises(MonitoringError, match="has 2 series; a condition needs one number"):
        scraped.prometheus.value("requests_total")
    scraped.targets.pop()
    assert wait_until(lambda: not scraped.prometheus.instant('requests_total{pod="web-2"}'), SEEN_S)
    with pytest.raises(MonitoringError, match="has no data now"):
        scraped.prometheus.value('requests_total{pod="web-2"}')


def test_a_prometheus_that_scrapes_nothing_is_no_answer(tmp_path: Path) -> None:
    absent = ScrapeTarget("web", "web-1", "127.0.0.1:1", "/metrics")
    own = OwnPrometheus(tmp_path, Path(shutil.which("prometheus") or ""), "production", lambda: [absent])
    prometheus = own.start()
    try:
        assert wait_until(lambda: any(prometheus.targets().values()), SEEN_S)
        found = check_metric(prometheus, "requests_total", Window(time.time() - 5, time.time()), ())
    finally:
        own.stop()
    assert found.verdict == "unknown"
    assert "scraped nothing in the incident; http://127.0.0.1:1/metrics: " in found.why
    groups = process_ledger.recorded(tmp_path)
    assert [group.what for group in groups] == ["guard program"]
    assert not list(process_ledger.living(groups, tmp_path)), "it has ended, with its guard"


def test_a_program_that_does_not_start_says_why(tmp_path: Path) -> None:
    own = OwnPrometheus(tmp_path, Path("/bin/false"), "production", tuple)
    with pytest.raises(MonitoringError, match="/bin/false did not start: it wrote nothing; see "):
        own.start()
