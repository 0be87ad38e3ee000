"""The listener that exports a run's spans and serves its metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.errors import MonitoringError
from harness.listeners.progress import ReadJudge
from harness.listeners.telemetry.figures import Figures
from harness.listeners.telemetry.otlp import export
from harness.listeners.telemetry.settings import Settings
from harness.listeners.telemetry.spans import Span, Spans
from harness.record.event import Event
from harness.record.events import DrillEnded, RunEnded
from harness.verdict.drill import drill_result
from harness.verdict.result import Verdict


class Telemetry:
    """A listener. `failed` gets the first error of an export; after it no span is sent any more."""

    def __init__(self, settings: Settings, judge: ReadJudge, failed: Callable[[str], None]) -> None:
        """Raises MonitoringError when the port for /metrics is taken."""
        self._settings, self._judge, self._failed = settings, judge, failed
        self._spans, self._figures = Spans(), Figures()
        self._waiting: list[Span] = []
        self._broken = not settings.traces_url
        self._server = _serve(settings.metrics_address, self._figures) if settings.metrics_address else None

    def __call__(self, event: Event) -> None:
        """Take one event. Spans are sent when a drill has ended, and at the end of the run."""
        verdict = self._verdict(event.drill) if isinstance(event, DrillEnded) else None
        self._figures.add(event, verdict)
        self._waiting += self._spans.add(event, verdict)
        if isinstance(event, DrillEnded | RunEnded):
            self._send()
        if isinstance(event, RunEnded) and self._server:
            self._server.shutdown()
            self._server.server_close()

    @property
    def port(self) -> int | None:
        """The port of /metrics; None without it."""
        return self._server.server_port if self._server else None

    def _verdict(self, drill: str) -> Verdict:
        with self._judge(drill) as judge:
            return drill_result(judge.state).verdict

    def _send(self) -> None:
        spans, self._waiting = self._waiting, []
        if self._broken or not spans:
            return
        try:
            export(spans, self._settings)
        except MonitoringError as error:
            self._broken = True
            self._failed(f"no further spans: {error}")


def _serve(address: tuple[str, int], figures: Figures) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == "/metrics"
            body = figures.page().encode() if found else b"see /metrics\n"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: stderr has the progress display."""

    try:
        server = ThreadingHTTPServer(address, Handler)
    except OSError as error:
        where = f"{address[0]}:{address[1]}"
        fix = "set OTEL_EXPORTER_PROMETHEUS_PORT to a free port"
        raise MonitoringError(f"/metrics cannot be served at {where} ({error.strerror}); {fix}") from None
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
    return server
