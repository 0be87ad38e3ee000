"""Validate requests: each waits for one of a few validator slots, takes some time and may time out."""

from __future__ import annotations

import asyncio
import importlib.resources
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from fakes.gateway import rules
from fakes.log import Log
from fakes.settings import Env, SettingError, flag, number, whole
from fakes.workers import QueueFull, Workers

RULES_FILE = "validation_rules.json"


class Refused(Exception):
    """The request is refused with this status for this reason."""

    def __init__(self, status: int, reason: str, violations: tuple[rules.Violation, ...] = ()) -> None:
        super().__init__(reason)
        self.status, self.violations = status, violations


class Validator:
    """Validates by the pod's settings and rules file. Raises SettingError when either is invalid."""

    def __init__(self, env: Env, app_dir: Path, tenants: frozenset[str], log: Log, registry: CollectorRegistry) -> None:
        self._strict = flag(env, "VALIDATION_STRICT_MODE", True)
        self._timeout_s = number(env, "VALIDATION_TIMEOUT_MS", 1000, 1, 600_000) / 1000
        self._each = flag(env, "LOG_VALIDATION_ERRORS", False)
        self._slots = Workers(
            whole(env, "VALIDATOR_SLOTS", 4, 1, 1000), whole(env, "VALIDATOR_QUEUE", 1000, 0, 1_000_000)
        )
        self._takes_s = number(env, "VALIDATION_TIME_MS", 2, 0, 60_000) / 1000
        self._log = log
        self._errors = Counter("validation_errors", "Refused, by rule", ("tenant", "rule"), registry=registry)
        for tenant in tenants:
            for rule in rules.RULES:
                self._errors.labels(tenant, rule)
        try:
            self._rules = rules.load(rules_file(app_dir))
        except rules.RulesError as error:
            raise SettingError(str(error)) from error

    async def check(self, tenant: str, route: str, raw: bytes) -> dict[str, object]:
        """Return the body to forward. Raises Refused."""
        try:
            async with asyncio.timeout(self._timeout_s), self._slots.slot():
                await asyncio.sleep(self._takes_s)
                body, violations = self._rules.check(route, raw, self._strict)
        except TimeoutError:
            raise Refused(503, f"validation timeout: not done within {self._timeout_s * 1000:.0f} ms") from None
        except QueueFull:
            raise Refused(503, "validation queue full") from None
        if violations:
            self._report(tenant, violations)
            raise Refused(400, "validation failed", tuple(violations))
        return body

    def _report(self, tenant: str, violations: list[rules.Violation]) -> None:
        broken = sorted({violation.rule for violation in violations})
        for rule in broken:
            self._errors.labels(tenant, rule).inc()
        self._log.warning("validation failed", status=400, tenant=tenant, rules=broken)
        if self._each:
            for violation in violations:
                self._log.warning("validation error", tenant=tenant, field=violation.field, rule=violation.rule)


def rules_file(app_dir: Path) -> Path:
    """Return the pod's rules file; create it from the package's when missing."""
    path = app_dir / RULES_FILE
    if not path.exists():
        path.write_text(importlib.resources.files(__package__).joinpath(RULES_FILE).read_text())
    return path
