"""Validate the start form and the edit form of the web UI: locust itself accepts any text."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from locust.env import Environment

from scenarios.generator.exchange import address_of
from scenarios.generator.settings import known_schedule, positive

from . import shape

logger = logging.getLogger(__name__)
SCHEMES = ("http", "https", "ws", "wss")
FIELDS: dict[str, Callable[[str], object]] = {
    "rate": positive,
    "schedule": known_schedule,
    "phases": shape.checked,
    "host": lambda text: address_of(text, SCHEMES) if text else None,
}


def check(environment: Environment) -> None:
    """Refuse forms with an invalid field: the form shows the reason, and nothing is started or edited."""
    if environment.web_ui is not None and environment.web_ui.app is not None:
        environment.web_ui.app.before_request(_refusal)


def _refusal() -> ResponseReturnValue | None:
    if request.method != "POST" or not request.path.endswith("/swarm"):
        return None
    for name, parse in FIELDS.items():
        try:
            if name in request.form:
                parse(request.form[name])
        except ValueError as error:
            logger.warning("refused a form: %s: %s", name, error)  # the edit form closes without showing it
            return jsonify({"success": False, "message": f"{name}: {error}"})
    return None
