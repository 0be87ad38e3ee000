"""Read-only HTTP API of a monitoring system: its place, its token, and JSON answers or errors that name the cause."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from urllib.parse import urlencode, urlsplit

from harness.errors import MonitoringError
from harness.http import Answer, call

TIMEOUT_S = 5.0
WITH_TENANTS = ("Loki", "Prometheus")
DATE_S = 1.0
"""The header `Date` of an answer has whole seconds (RFC 9110, section 6.6.1)."""
CLOCK_TOLERANCE_S = 2.0
"""Clocks further apart than this would shift the windows of a drill by more than a sample."""


@dataclass(frozen=True)
class Api:
    """One monitoring system: its name, such as `Prometheus`, and the URL below which its paths are.

    `option` is the option that named it, for errors. The token stays out of every representation.
    """

    system: str
    url: str
    option: str
    token: str = field(default="", repr=False)
    tenant: str = ""
    """The value of `X-Scope-OrgID`, which names the tenant of a Loki or a Mimir with several; "" for none."""

    @classmethod
    def named_by_user(cls, system: str, url: str) -> Api:
        """The system at a URL of the command line, with SYSTEM_TOKEN, and SYSTEM_ORG_ID, of the environment.

        Raises MonitoringError unless it is an http or https URL without a user, a query and a fragment.
        """
        option = f"--{system.lower()}-url"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise MonitoringError(f"{option}: `{url}` is no http or https URL; example: http://127.0.0.1:9090")
        if parts.query or parts.fragment or "@" in parts.netloc:
            fix = f"give the base URL alone, and a token in the environment variable {cls._variable(system)}"
            raise MonitoringError(f"{option}: the URL has a user, a query or a fragment; {fix}")
        token = os.environ.get(cls._variable(system), "")
        tenant = os.environ.get(f"{system.upper()}_ORG_ID", "") if system in WITH_TENANTS else ""
        return cls(system, url.rstrip("/"), option, token, tenant)

    @staticmethod
    def _variable(system: str) -> str:
        return f"{system.upper()}_TOKEN"

    def get(self, path: str, **parameters: str) -> object:
        """The JSON answer to a GET. Raises MonitoringError for any other one, with what to do about it."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        answer = self._call("GET", f"{path}{query}")
        try:
            return json.loads(answer.body)
        except ValueError:
            raise self.error(f"{path} answered no JSON; is that the right URL?") from None

    def clock_ahead_s(self, path: str) -> float:
        """Seconds by which its clock is ahead of this machine's, as far as its whole seconds show; without one 0.

        Raises MonitoringError when a GET of `path` is not answered.
        """
        from email.utils import parsedate_to_datetime  # noqa: PLC0415  as in harness/http.py

        before_s = time()
        date = self._call("GET", path).date
        after_s = time()
        try:
            its_s = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return 0.0
        return max(0.0, its_s - after_s) or min(0.0, its_s + DATE_S - before_s)

    def post(self, path: str, body: Mapping[str, object]) -> object:
        """The JSON answer to a POST of `body`. Raises MonitoringError as `get` does."""
        return json.loads(self._call("POST", path, body).body)

    def _call(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"X-Scope-OrgID": self.tenant} if self.tenant else {}
        answer = call(method, f"{self.url}{path}", body, headers, TIMEOUT_S)
        if 200 <= answer.status < 300:
            return answer
        raise self.error(self._why(answer))

    def _why(self, answer: Answer) -> str:
        variable = self._variable(self.system)
        if answer.status in (401, 403):
            return f"it refuses the token (HTTP {answer.status}); set {variable} to one that may read"
        if answer.status == 0:
            return f"it does not answer ({answer.error}); check {self.option}"
        if answer.status == 404:
            return f"it has no such path (HTTP 404); is {self.option} the base URL of a {self.system}?"
        return f"HTTP {answer.status}: {' '.join(answer.body.split())[:200]}"

    def check_ahead(self, ahead_s: float) -> None:
        """Raises MonitoringError if its clock is too far ahead of this machine's, or too far behind it (negative)."""
        if abs(ahead_s) > CLOCK_TOLERANCE_S:
            where = "ahead of" if ahead_s > 0 else "behind"
            fact = f"its clock is {abs(ahead_s):.1f} s {where} that of this machine, so the windows of a drill differ"
            raise self.error(f"{fact}; synchronise both (NTP)")

    def error(self, fact: str) -> MonitoringError:
        """The error of this system: where it is, and the fact."""
        return MonitoringError(f"{self.system} at {self.url}: {fact}")
