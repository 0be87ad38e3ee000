"""Which systems a run notifies of its alerts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from harness.errors import BindingError
from harness.listeners.notifications import Notifications, Receiver
from harness.listeners.webhooks.base import Format, shown

KEY = "GAMEDAY_PAGERDUTY_KEY"
"""The environment variable with PagerDuty's integration key, which no command line and no record should have."""
_FORMS = "write alertmanager=URL or pagerduty=URL"


def notifications(wanted: Sequence[str], environment: Mapping[str, str] = os.environ) -> Notifications:
    """What `--notify` names, each as FORMAT=URL. Raises BindingError with every problem; starts nothing then."""
    if problems := [problem for text in wanted for problem in _problems(text, environment)]:
        raise BindingError("\n".join(problems))
    return Notifications([_receiver(text, environment) for text in wanted])


def _receiver(text: str, environment: Mapping[str, str]) -> Receiver:
    from harness.listeners.webhooks.alertmanager import Alertmanager  # noqa: PLC0415  few runs notify anyone
    from harness.listeners.webhooks.delivery import Delivery  # noqa: PLC0415
    from harness.listeners.webhooks.pagerduty import PagerDuty  # noqa: PLC0415

    name, _, url = text.partition("=")
    form: Format = PagerDuty(environment[KEY]) if name == "pagerduty" else Alertmanager()
    return Receiver(form, Delivery(name, url))


def _problems(text: str, environment: Mapping[str, str]) -> Iterator[str]:
    name, _, url = text.partition("=")
    if name not in ("alertmanager", "pagerduty"):
        yield f"--notify: the format before the URL is missing or not known; {_FORMS}"
        return
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        yield f"--notify {name}: not the URL of a system to notify; it begins with http:// or https:// and has a host"
    elif name == "pagerduty" and not environment.get(KEY):
        yield f"--notify {name}={shown(url)}: {KEY} is not set; set it to the integration key of a PagerDuty service"


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None where it, or its port, is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None
