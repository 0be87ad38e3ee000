"""The standard OTEL_* variables that gameday reads
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from harness.errors import MonitoringError

PROMETHEUS_HOST, PROMETHEUS_PORT = "localhost", "9464"
"""The specification's defaults."""
PROTOCOL = "http/json"
ENDPOINT = "http://localhost:4318"
PREFIX = "OTEL_EXPORTER_OTLP_"


@dataclass(frozen=True)
class Settings:
    """What to export; "" for nothing. The headers stay out of every representation: they may have a token."""

    traces_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    resource: Mapping[str, str] = field(default_factory=dict)
    metrics_address: tuple[str, int] | None = None
    """Host and port at which /metrics is served."""

    @property
    def wanted(self) -> bool:
        """Whether anything is exported."""
        return bool(self.traces_url or self.metrics_address)


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment. Raises MonitoringError, which names the variable, for one that cannot be used."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Settings()
    resource = _pairs("OTEL_RESOURCE_ATTRIBUTES", environment)
    name = environment.get("OTEL_SERVICE_NAME") or resource.get("service.name") or "gameday"
    return Settings(
        _traces_url(environment),
        {**_pairs(f"{PREFIX}HEADERS", environment), **_pairs(f"{PREFIX}TRACES_HEADERS", environment)},
        {**resource, "service.name": name},
        _metrics_address(environment),
    )


def _traces_url(environment: Mapping[str, str]) -> str:
    """Where spans go: asked for by OTEL_TRACES_EXPORTER=otlp, or by an endpoint alone."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    own, base = environment.get(f"{PREFIX}TRACES_ENDPOINT", ""), environment.get(f"{PREFIX}ENDPOINT", "")
    if exporter not in ("", "otlp", "none"):
        raise MonitoringError(f"OTEL_TRACES_EXPORTER: `{exporter}` is not supported; set `otlp` or `none`")
    if exporter == "none" or not (exporter or own or base):
        return ""
    variable = f"{PREFIX}TRACES_PROTOCOL" if f"{PREFIX}TRACES_PROTOCOL" in environment else f"{PREFIX}PROTOCOL"
    if (protocol := environment.get(variable, PROTOCOL)) != PROTOCOL:
        raise MonitoringError(f"{variable}: `{protocol}` is not supported; set `{PROTOCOL}` and the port of OTLP/HTTP")
    url = own or f"{(base or ENDPOINT).rstrip('/')}/v1/traces"
    if urlsplit(url).scheme not in ("http", "https"):
        raise MonitoringError(f"{PREFIX}ENDPOINT: `{url}` is no http or https URL; example: {ENDPOINT}")
    return url


def _metrics_address(environment: Mapping[str, str]) -> tuple[str, int] | None:
    exporter = environment.get("OTEL_METRICS_EXPORTER", "")
    if exporter not in ("", "none", "prometheus"):
        raise MonitoringError(f"OTEL_METRICS_EXPORTER: `{exporter}` is not supported; set `prometheus` or `none`")
    if exporter != "prometheus":
        return None
    port = environment.get("OTEL_EXPORTER_PROMETHEUS_PORT") or PROMETHEUS_PORT
    if not port.isdigit() or int(port) > 65535:
        raise MonitoringError(f"OTEL_EXPORTER_PROMETHEUS_PORT: `{port}` is no port")
    return environment.get("OTEL_EXPORTER_PROMETHEUS_HOST") or PROMETHEUS_HOST, int(port)


def _pairs(variable: str, environment: Mapping[str, str]) -> dict[str, str]:
    """`key=value,key=value`, percent-encoded, as in W3C Baggage."""
    found = {}
    for pair in filter(None, map(str.strip, environment.get(variable, "").split(","))):
        key, equals, value = pair.partition("=")
        if not equals:
            raise MonitoringError(f"{variable}: `{key}` has no value; write key=value,key=value")
        found[key.strip()] = unquote(value.strip())
    return found
