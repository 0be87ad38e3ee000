"""Our own telemetry: spans of a run by OTLP, and its metrics for Prometheus; off unless OTEL_* variables ask for it."""

from harness.listeners.telemetry.settings import Settings, settings_of

__all__ = ["Settings", "settings_of"]
