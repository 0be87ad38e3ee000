"""The OTEL_* variables: off without any, the standard defaults, and what is not supported is named."""

from __future__ import annotations

import pytest

from harness.errors import MonitoringError
from harness.listeners.telemetry import settings_of


def test_nothing_is_exported_without_variables_and_when_disabled() -> None:
    assert not settings_of({}).wanted
    asked = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "prometheus"}
    assert not settings_of({**asked, "OTEL_SDK_DISABLED": "true"}).wanted
    assert not settings_of({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318"}).wanted


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318/"}, "http://x:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://x/own"}, "https://x/own"),
    ],
)
def test_where_spans_go(environment: dict[str, str], url: str) -> None:
    assert settings_of(environment).traces_url == url


def test_headers_and_resource() -> None:
    found = settings_of(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4318",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret,a=b",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=ci,service.name=other",
            "OTEL_SERVICE_NAME": "drills",
        }
    )
    assert found.headers == {"authorization": "Bearer secret", "a": "b"}
    assert found.resource == {"deployment.environment": "ci", "service.name": "drills"}
    assert "secret" not in repr(found)


def test_metrics_are_served_at_the_standard_address() -> None:
    assert settings_of({"OTEL_METRICS_EXPORTER": "prometheus"}).metrics_address == ("localhost", 9464)
    own = {"OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT": "0"}
    assert settings_of({"OTEL_METRICS_EXPORTER": "prometheus", **own}).metrics_address == ("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "x:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "x"),
    ],
)
def test_what_is_not_supported_is_named(variable: str, value: str) -> None:
    asked = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "prometheus", variable: value}
    with pytest.raises(MonitoringError, match=f"^{variable}: "):
        settings_of(asked)
