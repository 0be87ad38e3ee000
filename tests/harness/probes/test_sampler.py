"""The sampler: one sample of every probe of a platform, pod by pod."""

from __future__ import annotations

import json
import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.conditions import parse
from harness.http import Answer
from harness.measures.probe import family
from harness.probes.metrics import samples_of
from harness.probes.sampler import ProbeSample, Sampler

PAGE = """\
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{route="/a",status="200"} 7.0
requests_total{route="/b",status="200"} 5.0
# TYPE circuit_breaker_state gauge
circuit_breaker_state{breaker="tools"} 2.0
circuit_breaker_state{breaker="db"} 1.0
# TYPE latency histogram
latency_bucket{le="0.1"} %d
latency_bucket{le="1.0"} %d
latency_bucket{le="+Inf"} %d
latency_count %d
latency_sum 3.0
"""


def page(fast: int, slow: int) -> str:
    total = fast + slow
    return PAGE % (fast, total, total, total)


@dataclass
class Services:
    """A platform of two Deployments: what its pods respond and where their logs are."""

    pages: dict[str, Mapping[str, Answer]] = field(default_factory=dict)
    healths: Mapping[str, Answer] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        return self.pages.get(deployment, {})

    def health(self, deployment: str) -> Mapping[str, Answer]:
        return self.healths

    def log_files(self, deployment: str) -> list[Path]:
        return self.logs


def sampler(services: Services, *conditions: str) -> Sampler:
    probes = [probe for condition in conditions for probe in parse(condition).measure.probes]
    return Sampler(services, [*probes, family("latency")], ["web", "worker"])  # type: ignore[arg-type]


def test_metrics_are_summed_by_pod_and_selected_by_labels() -> None:
    services = Services({"web": {"web-1": Answer(200, page(0, 0))}})
    labelled = 'metric(web, requests_total{route="/b"}) > 0'
    found = sampler(services, "metric(web, requests_total) > 0", labelled, "metric(web, nothing) > 0").sample()
    assert found.values["metric(web, requests_total)"] == {"web-1": 12.0}
    assert found.values['metric(web, requests_total{route="/b"})'] == {"web-1": 5.0}
    assert found.values["metric(web, nothing)"] == {}, "the pod answered, and has no such metric yet"
    assert found.missing == {}


def test_pod_that_does_not_answer_is_missing() -> None:
    cut = page(0, 0).replace(" 5.0", "")
    answers = {"web-1": Answer(200, page(0, 0)), "web-2": Answer(503, page(0, 0)), "web-3": Answer(200, cut)}
    found = sampler(Services({"web": answers}), "metric(web, requests_total) > 0", "breaker(web, db) == open").sample()
    assert found.values["metric(web, requests_total)"] == {"web-1": 12.0}
    assert found.missing["metric(web, requests_total)"] == ("web-2", "web-3")
    assert found.missing["breaker(web, db)"] == ("web-2", "web-3")


@pytest.mark.parametrize("number", ["NaN", "+Inf", "-Inf"])
def test_number_that_json_cannot_express_is_missing(number: str) -> None:
    text = f'fill {number}\nlatency_bucket{{le="+Inf"}} {number}\ncircuit_breaker_state{{breaker="db"}} {number}\n'
    conditions = ("metric(web, fill) > 0", "quantile(0.5, web, latency) > 1s", "breaker(web, db) == open")
    found = sampler(Services({"web": {"web-1": Answer(200, text)}}), *conditions).sample()
    for condition in conditions:
        key = condition.rpartition(" ")[0].rpartition(" ")[0]
        assert (found.values[key], found.missing[key]) == ({}, ("web-1",))
    json.dumps(found.values, allow_nan=False)


def test_breaker_is_1_only_when_open() -> None:
    services = Services({"web": {"web-1": Answer(200, page(0, 0))}})
    found = sampler(services, "breaker(web, tools) == open", "breaker(web, db) == open").sample()
    assert (found.values["breaker(web, tools)"], found.values["breaker(web, db)"]) == ({"web-1": 1.0}, {"web-1": 0.0})


def test_family_is_sampled_in_every_deployment_by_its_count() -> None:
    services = Services({"web": {"web-1": Answer(200, page(1, 2))}, "worker": {"worker-1": Answer(200, page(0, 4))}})
    assert sampler(services).sample().values["family(latency)"] == {"web-1": 3.0, "worker-1": 4.0}


def test_health_of_every_deployment_is_sampled() -> None:
    found = sampler(Services(healths={"web-1": Answer(200, "ok"), "web-2": Answer(503, "")})).sample().values
    assert found["health(web)"] == found["health(worker)"] == {"web-1": 0.0, "web-2": 1.0}


def test_quantile_is_over_the_last_five_samples_of_a_pod() -> None:
    services = Services()
    reader = sampler(services, "quantile(0.5, web, latency) > 1s")
    found = []
    for fast, slow in [(100, 0), (200, 0), (200, 1000), *[(200 + 100 * n, 1000) for n in range(1, 8)]]:
        services.pages["web"] = {"web-1": Answer(200, page(fast, slow))}
        found.append(reader.sample().values["quantile(0.5, web, latency)"].get("web-1"))
    assert found[0] is None, "nothing was counted since the first sample"
    assert found[1] == 50.0, "interpolated within the bucket"
    assert found[2] == pytest.approx(100 + 900 * 450 / 1000), "100 fast and 1000 slow ones since the first sample"
    assert found[-1] == 50.0, "the slow ones are older than five samples"


def test_quantile_counts_from_zero_after_a_restart() -> None:
    services = Services()
    reader = sampler(services, "quantile(0.5, web, latency) > 1s")
    found = []
    for fast, slow in [(1000, 0), (1000, 10), (0, 1), (0, 3), (500, 3), (500, 503)]:
        services.pages["web"] = {"web-1": Answer(200, page(fast, slow))}
        found.append(reader.sample().values["quantile(0.5, web, latency)"].get("web-1"))
    assert found[0] is None
    assert found[1:4] == [550.0] * 3, "10, 11 and 13 slow ones, before and after the restart"
    assert found[4] == pytest.approx(100 * 256.5 / 500), "500 fast ones"
    assert found[5] == pytest.approx(100 + 900 * 6.5 / 513), "500 fast and 513 slow ones"


def test_health_is_0_for_the_statuses_that_a_kubelet_accepts() -> None:
    answers = {200: 0.0, 204: 0.0, 302: 0.0, 400: 1.0, 503: 1.0, 0: 1.0, 101: 1.0}
    services = Services(healths={f"web-{status}": Answer(status, "") for status in answers})
    found = sampler(services, "health(web) == ok").sample()
    assert found.values["health(web)"] == {f"web-{status}": value for status, value in answers.items()}


def test_log_lines_are_counted_once_when_whole(tmp_path: Path) -> None:
    log = tmp_path / "web-1" / "0.log"
    log.parent.mkdir()
    services = Services(logs=[log, tmp_path / "gone" / "0.log"])
    reader = sampler(services, 'logs(web, "time.?out") > 0')
    counted = []
    for text in ("a Timeout\nfine\n", "time-out and", " more\ntimeout\n", ""):
        with log.open("a") as file:
            file.write(text)
        counted.append(reader.sample().values["logs(web, time.?out)"])
    assert counted == [{"web-1": count, "gone": 0} for count in (1, 1, 3, 3)]


def test_log_lines_of_pods_with_files_of_the_same_name_are_counted_by_pod(tmp_path: Path) -> None:
    """A platform names the file of each pod's first start `0.log`, and that of its first restart `1.log`."""
    files = [tmp_path / pod / name for pod, name in (("a", "0.log"), ("b", "0.log"), ("b", "1.log"))]
    for number, path in enumerate(files, 1):
        path.parent.mkdir(exist_ok=True)
        path.write_text("failed\n" * number)
    found = sampler(Services(logs=files), 'log_rate(web, "failed") > 15').sample()
    assert found.values["log_rate(web, failed)"] == {"a": 1, "b": 5}


def test_sampling_ends_and_reports_an_error() -> None:
    class Broken(Services):
        def scrape(self, deployment: str) -> Mapping[str, Answer]:
            raise OSError("gone")

    failed: queue.Queue[Exception] = queue.Queue()
    broken = sampler(Broken())
    broken.start(pytest.fail, failed.put)
    assert str(failed.get(timeout=30)) == "gone"
    broken.stop()
    assert failed.empty()


def test_samples_arrive_until_stop() -> None:
    sampled: queue.Queue[ProbeSample] = queue.Queue()
    services = Services({"web": {"web-1": Answer(200, page(1, 0))}})
    running = sampler(services)
    running.start(sampled.put, pytest.fail)
    assert sampled.get(timeout=30).values["family(latency)"] == {"web-1": 1.0}
    running.stop()


def test_only_wanted_families_are_parsed() -> None:
    text = page(1, 1) + "this is no sample at all\n"
    assert {sample.name for sample in samples_of(text, ["requests_total"])} == {"requests_total"}
    assert {sample.name for sample in samples_of(text, ["latency"])} == {
        "latency_bucket",
        "latency_count",
        "latency_sum",
    }
