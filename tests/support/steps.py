"""A runbook with one step of each kind, and bindings for it on the small cluster."""

from __future__ import annotations

from harness.model import Action, Command, Runbook, Toggle

PLACEHOLDERS = {"service-name": "api", "service:port": "api:8080", "service-pod": "pod-of(api)"}

SLOW_RUNBOOK = Runbook(
    "SLOW",
    "Slow",
    1,
    actions=(
        Action(5, "Look: `kubectl get pods -n production`", (Command(5, "kubectl get pods -n production"),)),
        Action(6, "Verify dependencies"),
    ),
    commands=(
        Command(10, "kubectl logs -f deployment/service-name -n production | grep -i timeout"),
        Command(11, "kubectl scale deployment service-name --replicas=3 -n production"),
    ),
    toggles=(Toggle(20, "`MAX_RETRIES`: Increase from 3 to 5", "MAX_RETRIES", "3", "5"),),
)
