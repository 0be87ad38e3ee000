"""The parts of requests that several commands have in common, from their arguments."""

from __future__ import annotations

import argparse

from harness import app


def plan_request(options: argparse.Namespace) -> app.PlanRequest:
    """Which document, bindings and runbooks."""
    start = app.Start(getattr(options, "start", app.Start.DEPLOYED))
    sequential, observe_s = getattr(options, "sequential", False), getattr(options, "observe", None)
    return app.PlanRequest(options.runbook, options.bindings, tuple(options.only), start, sequential, observe_s)


def platform_choice(options: argparse.Namespace) -> app.PlatformChoice:
    """Where the services run."""
    return app.PlatformChoice(
        options.platform,
        app.PlatformOptions(
            base_image=options.base_image,
            node_image=options.node_image,
            load_in_cluster=getattr(options, "load_in_cluster", None),
            context=options.context,
        ),
    )
