"""The option that names the systems to notify of alerts."""

from __future__ import annotations

import argparse


def add_option(command: argparse.ArgumentParser) -> None:
    """Add `--notify`. What is wrong with its values is found by the use case, without showing their secrets."""
    about = "notify a system of alerts: alertmanager=URL (webhook v4) or pagerduty=URL (Events API v2); repeatable"
    command.add_argument("--notify", action="append", default=[], metavar="FORMAT=URL", help=about)
